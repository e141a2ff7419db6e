import { afterEach, expect, test, vi } from 'vitest';
import { searchTraces, tagValues, traceMetrics } from './tempo';

afterEach(() => vi.unstubAllGlobals());

/** Answers every request with this body; tells which addresses were asked for. */
function answering(body: unknown): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(JSON.stringify(body)));
  });
  return asked;
}

test('a search asks for whole seconds and gives ids in full length', async () => {
  const asked = answering({ traces: [{ traceID: 'F1a' }], metrics: { inspectedBytes: '12' } });
  const found = await searchTraces('{}', { start: 10.7, end: 20.2 }, 50, 5);
  expect(asked).toEqual(['/api/search?q=%7B%7D&start=10&end=21&limit=50&spss=5']);
  expect(found).toMatchObject({ inspectedBytes: 12, inspectedTraces: 0, traces: [{ traceID: `${'0'.repeat(29)}f1a`, startTimeUnixNano: '0' }] });
});

test('an empty answer is no trace and no value', async () => {
  answering({});
  expect((await searchTraces('{}', { start: 0, end: 1 }, 1, 1)).traces).toEqual([]);
  const asked = answering({ tagValues: null });
  expect(await tagValues('span.a/b', { start: 0, end: 1 }, '{}')).toEqual([]);
  expect(asked).toEqual(['/api/v2/search/tag/span.a%2Fb/values?start=0&end=1&q=%7B%7D']);
});

test('numbers over time, their names, and the traces behind them', async () => {
  answering({
    series: [
      {
        labels: [{ key: 'p', value: { doubleValue: 0.9 } }],
        promLabels: '{p="0.9"}',
        samples: [{ timestampMs: '1500', value: 0.25 }, { timestampMs: '2500' }],
        exemplars: [{ labels: [{ key: 'trace:id', value: { stringValue: 'ab' } }, { key: 'span:id', value: { stringValue: 'cd' } }], timestampMs: '1400', value: 0.5 }],
      },
      { promLabels: '{}' },
    ],
  });
  const { series } = await traceMetrics('{} | rate()', { start: 0, end: 3 }, 1);
  expect(series).toEqual([
    { name: '{p="0.9"}', points: [[1.5, 0.25], [2.5, 0]], exemplars: [{ traceId: 'ab', spanId: 'cd', time: 1.4, value: 0.5 }] },
    { name: '{}', points: [], exemplars: [] },
  ]);
});
