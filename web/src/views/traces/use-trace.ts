import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { fetchTrace } from '../../api/tempo';
import type { OpenedFile } from '../../traces/opened';
import { openedFile, parseRef } from '../../traces/opened';
import { object, readSpans } from '../../traces/otlp';
import type { Trace } from '../../traces/trace';
import { buildTraceInTurns } from '../../traces/trace';

export interface LoadedTrace {
  trace: Trace | undefined;
  error: unknown;
  loading: boolean;
  /** The file that it was read from; `undefined` for a trace of the server, and for a file that is no longer open. */
  file?: OpenedFile;
  /** What the server says of a trace that it could not give as a whole. */
  partial?: string;
  again: () => void;
}

/** What is asked for once: comparing two traces of many thousand spans part by part would take longer than drawing one. */
const once = { staleTime: Infinity, gcTime: 60_000, structuralSharing: false, refetchInterval: false, refetchOnWindowFocus: false, retry: false } as const;

/** A trace of the server, or of a file that was opened here. */
export function useTrace(ref: string): LoadedTrace {
  const local = useMemo(() => parseRef(ref), [ref]);
  const file = local ? openedFile(local.number) : undefined;
  const stored = useQuery({
    queryKey: ['traces', 'one', ref],
    enabled: ref !== '' && local === null,
    queryFn: async ({ signal }) => {
      const body = await fetchTrace(ref, signal);
      const { message, status, trace } = object(body);
      // A server that knows no such trace may also answer without one.
      const isEmpty = Object.keys(object(trace)).length === 0 && !('resourceSpans' in object(body)) && !('batches' in object(body));
      return { trace: await buildTraceInTurns(isEmpty ? [] : readSpans(body), signal), partial: status === 'PARTIAL' || status === 1 ? String(message ?? 'parts of it are missing') : undefined };
    },
    ...once,
  });
  const opened = useQuery({
    queryKey: ['files', 'trace', ref],
    enabled: file !== undefined && local?.traceId != null,
    queryFn: async ({ signal }) => await buildTraceInTurns(await file!.spansOf(local!.traceId!, signal), signal),
    ...once,
  });
  if (local !== null) return { trace: opened.data, error: opened.error, loading: opened.isFetching && !opened.data, file, again: () => void opened.refetch() };
  return { trace: stored.data?.trace, partial: stored.data?.partial, error: stored.error, loading: stored.isFetching && !stored.data, again: () => void stored.refetch() };
}
