import { describe, expect, it } from 'vitest';
import { aroundEntry, logsLink, readLogs, writeLogs } from '../url/logs';
import { asFile, rfc3339Nano } from './download';
import { addFilter, addLineFilter, hasParser, isLogQuery, selectorFor, selectorOf, volumeQuery } from './edit';
import { entriesOf, joined, prettyJson } from './entries';
import { levelOf } from './levels';

describe('filters by click', () => {
  it.each([
    ['{app="a"}', 'stream', 'env', 'x', false, '{app="a", env="x"}'],
    ['{app="a",}', 'stream', 'env', 'x', true, '{app="a",env!="x"}'],
    ['{}', 'stream', 'env', 'x', false, '{env="x"}'],
    ['', 'stream', 'env', 'x', false, '{env="x"}'],
    ['{app="a", env="x"}', 'stream', 'env', 'x', false, '{app="a", env="x"}'],
    ['{app="}{"} |= "}"', 'stream', 'env', 'x', false, '{app="}{", env="x"} |= "}"'],
    ['{app="a"}', 'metadata', 'trace_id', '7', false, '{app="a"} | trace_id="7"'],
    ['{app="a"} |= "x"  ', 'metadata', 'trace_id', '7', true, '{app="a"} |= "x" | trace_id!="7"  '],
    ['{app="a"}', 'parsed', 'status', '5"0', false, '{app="a"} | json | status="5\\"0"'],
    ['{app="a"} | json', 'parsed', 'status', '500', false, '{app="a"} | json | status="500"'],
    ['{app="a"} |= "| json"', 'parsed', 'status', '500', false, '{app="a"} |= "| json" | json | status="500"'],
    ['sum(rate({app="a"}[5m]))', 'metadata', 'x', 'y', false, 'sum(rate({app="a"} | x="y" [5m]))'],
    ['sum(rate({app="a"} |= "(" [5m]))', 'metadata', 'x', 'y', false, 'sum(rate({app="a"} |= "(" | x="y" [5m]))'],
    ['{app=`{`} # } comment', 'stream', 'x', 'y', false, '{app=`{`, x="y"} # } comment'],
    ['not a query', 'metadata', 'x', 'y', false, 'not a query'],
  ] as const)('%s, %s %s', (query, where, name, value, negated, want) => {
    expect(addFilter(query, where, name, value, negated, 'json')).toBe(want);
  });

  it('of a line', () => {
    expect(addLineFilter('{app="a"} | json', 'a\\b\n', true)).toBe('{app="a"} | json != "a\\\\b\\n"');
  });
});

it('tells lines from numbers, and finds selectors', () => {
  expect(isLogQuery(' {a="b"}')).toBe(true);
  expect(isLogQuery('# what\n{a="b"}')).toBe(true);
  expect(isLogQuery('rate({a="b"}[5m])')).toBe(false);
  expect(selectorOf('sum(rate({a="}"} |= "{" [5m]))')).toBe('{a="}"}');
  expect(selectorOf('up')).toBe(null);
  expect(selectorFor({ b: '2', a: '1"', detected_level: 'info' })).toBe('{a="1\\"", b="2"}');
  expect(hasParser('{a="| json"}')).toBe(false);
  expect(hasParser('{a="b"} |json')).toBe(true);
  expect(volumeQuery('{a="b"} ', 60)).toBe('sum by (detected_level) (count_over_time({a="b"} [60s]))');
});

it('keeps its state in the address', () => {
  const state = { query: '{a="b"} |= "ü&"', range: 900, end: 1_700_000_000, order: 'forward', at: '1700000000000000001-abc', live: true } as const;
  expect(readLogs(writeLogs(state))).toEqual(state);
  expect(readLogs(new URLSearchParams('at=<script>&order=sideways'))).toEqual({ query: '', range: 3600, end: null, order: 'backward', at: null, live: false });
  expect(logsLink('{a="b"}')).toBe('/logs?q=%7Ba%3D%22b%22%7D');
  expect(aroundEntry('1700000000000000001-abc')).toEqual({ range: 120, end: 1_700_000_060 });
});

const streams = [
  { stream: { app: 'a' }, values: [['1700000000000000002', 'two', { structuredMetadata: { detected_level: 'error' }, parsed: { x: '1' } }], ['1700000000000000001', 'one']] },
  { stream: { app: 'b' }, values: [['1700000000000000003', 'say "three", please'], ['1700000000000000001', 'one']] },
] as Parameters<typeof entriesOf>[0];

describe('entries', () => {
  it('come in order, to the nanosecond', () => {
    expect(entriesOf(streams, 'backward').map((entry) => entry.line)).toEqual(['say "three", please', 'two', 'one', 'one']);
    expect(entriesOf(streams, 'forward').map((entry) => String(entry.time).slice(-1))).toEqual(['1', '1', '2', '3']);
    expect(entriesOf(streams, 'backward')[1]).toMatchObject({ level: 'error', stream: { app: 'a' }, parsed: { x: '1' } });
  });

  it('have keys of their own that stay the same', () => {
    const entries = entriesOf(streams, 'backward');
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(4);
    expect(entriesOf([...streams].reverse(), 'forward').map((entry) => entry.key).sort()).toEqual(entries.map((entry) => entry.key).sort());
    expect(joined(entries, entriesOf(streams, 'backward'))).toHaveLength(4);
  });

  it('go into files', () => {
    const entries = entriesOf(streams, 'forward').slice(2);
    expect(rfc3339Nano(1_700_000_000_000_000_003n)).toBe('2023-11-14T22:13:20.000000003Z');
    expect(asFile(entries, 'txt')).toBe('2023-11-14T22:13:20.000000002Z two\n2023-11-14T22:13:20.000000003Z say "three", please\n');
    expect(asFile(entries, 'csv')).toBe(
      'timestamp,line,app,detected_level,x\r\n2023-11-14T22:13:20.000000002Z,two,a,error,1\r\n2023-11-14T22:13:20.000000003Z,"say ""three"", please",b,,\r\n',
    );
    expect(JSON.parse(asFile(entries, 'json').split('\n')[0]!)).toEqual({ timestamp: '2023-11-14T22:13:20.000000002Z', line: 'two', labels: { app: 'a', detected_level: 'error', x: '1' } });
  });
});

it('lays out JSON and leaves other lines alone', () => {
  expect(prettyJson(' {"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyJson('{broken')).toBe(null);
  expect(prettyJson('5')).toBe(null);
});

it('knows levels', () => {
  expect(levelOf('warn')).toBe('warn');
  expect(levelOf('loud')).toBe('unknown');
  expect(levelOf(undefined)).toBe('unknown');
});
