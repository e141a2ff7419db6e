import { Menu } from '@mantine/core';
import type { CSSProperties, ReactNode } from 'react';
import type { DataLink } from '../../model';
import type { PanelProps, ScopedVars } from '../../panel';
import { isSafeUrl } from '../../view/safe-url';
import { outside } from './outside';
import './parts.css';

interface Props {
  links: DataLink[] | undefined;
  link: PanelProps['link'];
  scoped: ScopedVars;
  /** What the links belong to, for people who do not see it. */
  label: string;
  className?: string;
  style?: CSSProperties;
  children: ReactNode;
}

/** What can be followed: one link at once, several through a menu. Without links it is what it was. */
export function Linked({ links, link, scoped, label, className, style, children }: Props) {
  const made = (links ?? []).map((each) => link(each, scoped)).filter(({ href }) => isSafeUrl(href));
  const quick = (links ?? []).find(({ oneClick }) => oneClick);
  const only = made.length === 1 ? made[0] : quick ? link(quick, scoped) : undefined;
  if (made.length === 0) {
    return (
      <div className={className} style={style}>
        {children}
      </div>
    );
  }
  if (only && isSafeUrl(only.href)) {
    return (
      <a className={`panel-linked ${className ?? ''}`} style={style} href={only.href} title={only.title || undefined} {...(only.targetBlank ? outside : {})}>
        {children}
      </a>
    );
  }
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <button type="button" className={`panel-linked ${className ?? ''}`} style={style} aria-label={`${label}: ${made.length} links`}>
          {children}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {made.map((each, index) => (
          <Menu.Item key={index} component="a" href={each.href} {...(each.targetBlank ? outside : {})}>
            {each.title || each.href}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
