import { parser } from '@grafana/lezer-traceql';
import { expect, test } from 'vitest';
import type { SearchForm } from './query';
import { asksForAll, emptyForm, givesSeconds, isDuration, isMetricsQuery, readForm, traceIdIn, writeForm, writtenKey } from './query';

const form = (more: Partial<SearchForm>): SearchForm => ({ ...emptyForm, ...more });

const written: [Partial<SearchForm>, string][] = [
  [{}, '{}'],
  [{ service: 'api' }, '{ resource.service.name = "api" }'],
  [{ service: 'a"b\\', name: 'GET /x' }, '{ resource.service.name = "a\\"b\\\\" && name = "GET /x" }'],
  [{ status: 'error', least: '100ms', most: '1.5s' }, '{ status = error && duration >= 100ms && duration <= 1.5s }'],
  [{ conditions: [{ key: 'span.http.status_code', comparison: '>=', value: '500' }] }, '{ span.http.status_code >= 500 }'],
  [{ conditions: [{ key: 'span.code', comparison: '=', value: '"500"' }] }, '{ span.code = "500" }'],
  [{ conditions: [{ key: 'span.ok', comparison: '!=', value: 'true' }, { key: 'kind', comparison: '=', value: 'server' }] }, '{ span.ok != true && kind = server }'],
  [{ conditions: [{ key: 'span.url', comparison: '=~', value: '/a.*' }] }, '{ span.url =~ "/a.*" }'],
  [{ conditions: [{ key: 'span.two words', comparison: '=', value: 'a && b }' }] }, '{ span."two words" = "a && b }" }'],
];

test.each(written)('%j is written, understood by the grammar, and read again', (fields, query) => {
  expect(writeForm(form(fields))).toBe(query);
  expect(readForm(query)).toEqual(form(fields));
  const mistakes: string[] = [];
  parser.parse(query).iterate({ enter: (node) => void (node.type.isError && mistakes.push(query.slice(node.from - 5, node.to + 5))) });
  expect(mistakes).toEqual([]);
});

test('conditions without a name are left out', () => {
  expect(writeForm(form({ conditions: [{ key: ' ', comparison: '=', value: 'x' }] }))).toBe('{}');
});

test.each(['{ name = "a" } | count() > 2', '{ name = "a" || name = "b" }', '{ (name = "a") }', '{} >> {}', '{ name = "a" && }', '{ name }', 'rate'])('the form cannot show %s', (query) => {
  expect(readForm(query)).toBeNull();
});

test('a query by hand is read where the form can show it', () => {
  expect(readForm('')).toEqual(emptyForm);
  expect(readForm('{span:name=`x`&&span:status=error}')).toEqual(form({ name: 'x', status: 'error' }));
});

test.each([
  ['{} | rate()', true],
  ['{ name = "x" } | quantile_over_time(duration, .9) by (name)', true],
  ['{ name = "| rate()" }', false],
  ['{} | count() > 2', false],
  ['{} // | rate()', false],
])('%s gives numbers: %s', (query, expected) => {
  expect(isMetricsQuery(query)).toBe(expected);
});

test('what is asked for', () => {
  expect(['{}', ' { } ', '', '{ // all\n }'].map(asksForAll)).toEqual([true, true, true, true]);
  expect(asksForAll('{ name = "a" }')).toBe(false);
  expect(givesSeconds('{} | max_over_time(span:duration)')).toBe(true);
  expect(givesSeconds('{} | histogram_over_time(duration)')).toBe(false);
});

test.each([
  ['5B8EFFF798038103D269B633813FC60C ', '5b8efff798038103d269b633813fc60c'],
  ['8efff798038103d269b633813fc60c', '008efff798038103d269b633813fc60c'],
  ['0x8efff798038103d2', '00000000000000008efff798038103d2'],
  ['00000000000000000000000000000000', null],
  ['abc', null],
  ['{ name = "a" }', null],
])('trace id in %s', (text, id) => {
  expect(traceIdIn(text)).toBe(id);
});

test('durations and keys', () => {
  expect(['100ms', '1h30m', '1.5s', '10µs'].every(isDuration)).toBe(true);
  expect(['', '5', '5 s', '-1s', '1d'].some(isDuration)).toBe(false);
  expect(writtenKey('.a')).toBe('.a');
  expect(writtenKey('resource.a=b')).toBe('resource."a=b"');
  expect(writtenKey('duration')).toBe('duration');
});
