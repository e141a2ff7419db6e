import { Button, Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError, errorText } from '../api/request';
import { Diagnostics } from './Diagnostics';
import { Icon } from './Icon';

/** An error in the server's own words, with its diagnostics and a way to try again. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  return (
    <div className="note bad" role="alert">
      <Icon name="cross" />
      <div className="grow stack tight">
        <div>
          {title && <strong>{title}: </strong>}
          {errorText(error)}
        </div>
        {error instanceof ApiError && error.diagnostics.length > 0 && <Diagnostics list={error.diagnostics} />}
      </div>
      {retry && (
        <Button variant="default" size="compact-xs" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div className="stack tight" aria-busy="true" role="status">
      <span className="hidden-text">Loading…</span>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={18} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Draws a query's data; before that its loading, and its error above what was last known. */
export function Answered<T>({ query, children, lines }: { query: UseQueryResult<T>; children: (data: T) => ReactNode; lines?: number }) {
  const { data, error } = query;
  return (
    <>
      {error && (
        <div style={{ marginBottom: '0.75rem' }}>
          <Failure error={error} retry={() => void query.refetch()} title={data === undefined ? undefined : 'This may be out of date'} />
        </div>
      )}
      {data !== undefined ? children(data) : !error && <Loading lines={lines} />}
    </>
  );
}
