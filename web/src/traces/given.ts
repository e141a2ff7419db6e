import type { RawSpan, Resource, Scope } from './otlp';

/** Traces for tests, written as one span a line: `id parent from to service name [!]`, times in milliseconds, `-` for none, `!` for an error. */
export function given(text: string): RawSpan[] {
  const resources = new Map<string, Resource>();
  const scope: Scope = { name: 'test', version: '', source: { name: 'test' } };
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [spanId = '', parent = '', from = '', to = '', service = '', name = '', failed] = line.trim().split(/\s+/);
      const resource = resources.get(service) ?? { service, attributes: [], source: {} };
      resources.set(service, resource);
      const moment = (part: string) => (part === '-' ? 0n : 1_000_000_000_000n + BigInt(part) * 1_000_000n);
      return {
        traceId: 'f'.repeat(32),
        spanId: spanId === '-' ? '' : spanId,
        parentId: parent === '-' ? '' : parent,
        name,
        kind: 'internal',
        begin: moment(from),
        end: moment(to),
        status: failed ? 'error' : 'unset',
        message: '',
        resource,
        scope,
        source: {},
      };
    });
}
