/** Spans of a trace from a table of them. */

import type { Frame } from '../../frame';
import type { RawSpan, Resource } from '../../../traces/otlp';
import { kinds, states } from '../../../traces/otlp';

const oneOf = <T extends string>(value: unknown, known: readonly T[]): T => known.find((each) => each === value) ?? known[0]!;

/** Milliseconds with fractions as nanoseconds, exact to the microsecond. */
const nanoseconds = (milliseconds: unknown) => (typeof milliseconds === 'number' && Number.isFinite(milliseconds) ? BigInt(Math.round(milliseconds * 1000)) * 1000n : 0n);

export function spansOf(frame: Frame): RawSpan[] {
  const values = (name: string) => frame.fields.find((field) => field.name === name)?.values ?? [];
  const texts = (name: string) => {
    const list = values(name);
    return (row: number) => (typeof list[row] === 'string' ? list[row] : '');
  };
  const [traceId, spanId, parentId] = [texts('traceID'), texts('spanID'), texts('parentSpanID')];
  const [name, service, kind] = [texts('operationName'), texts('serviceName'), texts('kind')];
  const [status, message] = [texts('statusCode'), texts('statusMessage')];
  const [starts, durations] = [values('startTime'), values('duration')];
  const resources = new Map<string, Resource>();
  const resourceOf = (of: string) => resources.get(of) ?? resources.set(of, { service: of || 'unknown service', attributes: [], source: {} }).get(of)!;
  return Array.from({ length: frame.length }, (_, row): RawSpan => {
    const begin = nanoseconds(starts[row]);
    return {
      traceId: traceId(row),
      spanId: spanId(row),
      parentId: parentId(row),
      name: name(row) || '(no name)',
      kind: oneOf(kind(row), kinds),
      begin,
      end: begin + nanoseconds(durations[row]),
      status: oneOf(status(row), states),
      message: message(row),
      resource: resourceOf(service(row)),
      scope: { name: '', version: '', source: {} },
      source: {},
    };
  });
}
