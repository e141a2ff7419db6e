import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { fetchTrace } from '../../api/tempo';
import { openedFile, parseRef } from '../../traces/opened';
import { object, readSpans } from '../../traces/otlp';
import type { Trace } from '../../traces/trace';
import { buildTrace } from '../../traces/trace';

export interface LoadedTrace {
  trace: Trace | undefined;
  error: unknown;
  loading: boolean;
  /** The file that it was read from; `undefined` for a trace of the server. */
  file?: { name: string; number: number; others: string[] };
  /** What the server says of a trace that it could not give as a whole. */
  partial?: string;
  again: () => void;
}

/** A trace of the server, or of a file that was opened here. */
export function useTrace(ref: string): LoadedTrace {
  const local = useMemo(() => parseRef(ref), [ref]);
  const answer = useQuery({
    queryKey: ['traces', 'one', ref],
    enabled: ref !== '' && local === null,
    queryFn: async ({ signal }) => {
      const body = await fetchTrace(ref, signal);
      const { message, status, trace } = object(body);
      // A server that knows no such trace may also answer without one.
      const isEmpty = Object.keys(object(trace)).length === 0 && !('resourceSpans' in object(body)) && !('batches' in object(body));
      return { trace: buildTrace(isEmpty ? [] : readSpans(body)), partial: status === 'PARTIAL' || status === 1 ? String(message ?? 'parts of it are missing') : undefined };
    },
    staleTime: Infinity,
    gcTime: 60_000,
    // Comparing two traces of many thousand spans part by part would take longer than drawing one.
    structuralSharing: false,
    refetchInterval: false,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const opened = useMemo(() => {
    const file = local && openedFile(local.number);
    const spans = file?.traces.get(local!.traceId);
    return file && spans ? { trace: buildTrace(spans), file: { name: file.name, number: local!.number, others: [...file.traces.keys()] } } : undefined;
  }, [local]);
  const again = () => void answer.refetch();
  if (local !== null) return { trace: opened?.trace, error: null, loading: false, file: opened?.file, again };
  return { trace: answer.data?.trace, partial: answer.data?.partial, error: answer.error, loading: answer.isFetching && !answer.data, again };
}
