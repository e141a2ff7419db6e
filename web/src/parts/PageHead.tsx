import type { ReactNode } from 'react';
import { useEffect } from 'react';

/** A view's heading; it also names the browser's tab. */
export function PageHead({ title, tab, children, beside }: { title: ReactNode; tab?: string; children?: ReactNode; beside?: ReactNode }) {
  const name = tab ?? (typeof title === 'string' ? title : 'Phoenix');
  useEffect(() => {
    document.title = `${name} · Phoenix`;
  }, [name]);
  return (
    <div className="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {beside}
      {children && <div className="actions">{children}</div>}
    </div>
  );
}
