import { expect, test } from 'vitest';
import { compareLink, readTraces, traceLink, tracesLink, writeTraces } from './traces';

test.each(['', 'q=%7B+status+%3D+error+%7D', 'q=%7B%7D&mode=traceql&range=15m&end=2026-11-22T20%3A00%3A00Z&limit=200'])('the address %s stays as it is', (address) => {
  expect(writeTraces(readTraces(new URLSearchParams(address))).toString()).toBe(address);
});

test('what an address may not say is taken for the usual', () => {
  expect(readTraces(new URLSearchParams('limit=7&range=-1&mode=x&end=never'))).toEqual({ query: '', mode: 'form', range: 3_600, end: null, limit: 50 });
});

test('links', () => {
  expect(tracesLink('')).toBe('/traces');
  expect(traceLink('ab', { span: '01', view: '' })).toBe('/traces/ab?span=01');
  expect(compareLink('a')).toBe('/traces/compare?a=a');
  expect(compareLink('a', 'b')).toBe('/traces/compare?a=a&b=b');
});
