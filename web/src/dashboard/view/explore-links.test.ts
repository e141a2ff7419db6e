import { expect, test } from 'vitest';
import { exploreLinks } from './explore-links';
import type { AskedQuery } from './panel-state';

const asked = (refId: string, query: string, more: Partial<AskedQuery> = {}): AskedQuery => ({ refId, language: 'promql', kind: 'range', query, fromMs: 0, toMs: 1, warnings: [], infos: [], ...more });
const span = { from: Date.UTC(2026, 10, 22, 19), to: Date.UTC(2026, 10, 22, 20) };

test.each<[string, AskedQuery[], boolean, string[]]>([
  ['one query', [asked('A', 'up')], true, ['Explore /explore?q0=up&range=1h']],
  ['a range in the past', [asked('A', 'up')], false, ['Explore /explore?q0=up&range=1h&end=2026-11-22T20%3A00%3A00Z']],
  ['several share one page', [asked('A', 'up'), asked('B', 'down')], true, ['Explore /explore?q0=up&q1=down&range=1h']],
  ['of one moment', [asked('A', 'up', { kind: 'instant' })], true, ['Explore /explore?q0=up&tab=table&range=1h']],
  ['asked both ways, and its exemplars', [asked('A', 'up'), asked('A', 'up', { kind: 'instant' }), asked('A', 'up', { kind: 'exemplars' })], true, ['Explore /explore?q0=up&range=1h']],
  ['logs', [asked('A', '{a="b"}', { language: 'logql', kind: 'logs' })], true, ['Logs /logs?q=%7Ba%3D%22b%22%7D']],
  ['metrics of logs', [asked('A', 'rate({a="b"}[1m])', { language: 'logql' })], true, ['Explore /explore?q0=rate%28%7Ba%3D%22b%22%7D%5B1m%5D%29&lang0=logql&range=1h']],
  ['traces and one trace', [asked('A', '{}', { language: 'traceql', kind: 'traces' }), asked('B', 'abc', { language: 'traceql', kind: 'trace' })], true, ['Traces of A /traces?q=%7B%7D&mode=traceql', 'Traces of B /traces/abc']],
  ['nothing', [], true, []],
])('%s', (_, queries, follows, expected) => expect(exploreLinks(queries, span, follows).map(({ name, href }) => `${name} ${href}`)).toEqual(expected));
