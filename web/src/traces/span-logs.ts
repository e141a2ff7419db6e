import { queryLogs } from '../api/loki';
import { quoted } from '../logs/edit';
import { logsOf } from '../logs/same-labels';

/**
 * The query that finds the lines of a trace among the logs of a service: where lines tell the trace's id, or where it
 * stands in their structured metadata; else all lines of the service in this range. `null` when the service has no logs.
 * Times are nanoseconds since 1970.
 */
export async function traceLogs(service: string, traceId: string, start: bigint, end: bigint): Promise<{ query: string; ofTrace: boolean } | null> {
  const selector = await logsOf({ service_name: service, service, job: service, app: service }, start, end);
  if (selector === null) return null;
  for (const filter of [`|= ${quoted(traceId)}`, `| trace_id = ${quoted(traceId)}`]) {
    const query = `${selector} ${filter}`;
    const { data } = await queryLogs(query, { start, end, limit: 1 });
    if (data.resultType === 'streams' && data.result.length > 0) return { query, ofTrace: true };
  }
  return { query: selector, ofTrace: false };
}
