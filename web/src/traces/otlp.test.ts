import { expect, test } from 'vitest';
import type { AnyValue } from './otlp';
import { attributesOf, eventsOf, idOf, linksOf, readSpans, valueText, writeOtlp } from './otlp';

test.each([
  ['hex stays', '5B8EFFF798038103', '5b8efff798038103'],
  ['a trace’s hex', '5b8efff798038103d269b633813fc60c', '5b8efff798038103d269b633813fc60c'],
  ['base64 of 8 bytes', 'W47/95gDgQM=', '5b8efff798038103'],
  ['base64 of 16 bytes', 'W47/95gDgQPSabYzgT/GDA==', '5b8efff798038103d269b633813fc60c'],
  ['base64 without padding', 'W47/95gDgQM', '5b8efff798038103'],
  ['zeros are no id', '0000000000000000', ''],
  ['zeros in base64 are no id', 'AAAAAAAAAAA=', ''],
  ['what is neither stays', 'span-7', 'span-7'],
  ['no text is no id', 12, ''],
])('ids: %s', (_, given, expected) => {
  expect(idOf(given)).toBe(expected);
});

test.each([
  [{ stringValue: 'a b' }, 'a b'],
  [{ intValue: '9007199254740993' }, '9007199254740993'],
  [{ doubleValue: 0.5 }, '0.5'],
  [{ boolValue: false }, 'false'],
  [{ bytesValue: 'AQI=' }, 'base64:AQI='],
  [{ arrayValue: { values: [{ intValue: 1 }, { stringValue: 'x' }] } }, '[1, x]'],
  [{ kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }, '{k: true}'],
  [{ stringValue: { no: 'text' } }, ''],
  [{ arrayValue: { values: 'none' } }, '[]'],
  [{}, ''],
])('value %j', (value, expected) => {
  expect(valueText(value as AnyValue)).toBe(expected);
});

test('values that hold themselves a thousand times over end', () => {
  let value: AnyValue = { stringValue: 'deep' };
  for (let depth = 0; depth < 1_000; depth += 1) value = { arrayValue: { values: [value] } };
  expect(valueText(value)).toBe('[[[[[[…]]]]]]');
});

/** The same trace as the server writes it and as a file holds it. */
const server = {
  trace: {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'api' } }] },
        scopeSpans: [
          {
            scope: { name: 'lib', version: '1' },
            spans: [
              { traceId: 'W47/95gDgQPSabYzgT/GDA==', spanId: 'AAAAAAAAAAE=', name: 'root', kind: 'SPAN_KIND_SERVER', startTimeUnixNano: '1700000000000000001', endTimeUnixNano: '1700000000000000009', status: {} },
              {
                traceId: 'W47/95gDgQPSabYzgT/GDA==',
                spanId: 'AAAAAAAAAAI=',
                parentSpanId: 'AAAAAAAAAAE=',
                name: 'child',
                kind: 'SPAN_KIND_CLIENT',
                startTimeUnixNano: '1700000000000000002',
                endTimeUnixNano: '1700000000000000005',
                attributes: [{ key: 'n', value: { intValue: '7' } }],
                events: [{ name: 'retry', timeUnixNano: '1700000000000000003' }],
                links: [{ traceId: 'W47/95gDgQPSabYzgT/GDA==', spanId: 'AAAAAAAAAAE=' }],
                status: { code: 'STATUS_CODE_ERROR', message: 'no' },
              },
            ],
          },
        ],
      },
    ],
  },
};

test('the server’s JSON is read, written as OTLP, and read again the same', () => {
  const spans = readSpans(server);
  expect(spans.map(({ spanId, parentId, kind, status, message, end }) => [spanId, parentId, kind, status, message, end])).toEqual([
    ['0000000000000001', '', 'server', 'unset', '', 1700000000000000009n],
    ['0000000000000002', '0000000000000001', 'client', 'error', 'no', 1700000000000000005n],
  ]);
  const written = writeOtlp(spans);
  expect(written).toMatchObject({
    resourceSpans: [
      {
        resource: server.trace.resourceSpans[0]!.resource,
        scopeSpans: [
          {
            scope: { name: 'lib', version: '1' },
            spans: [
              { traceId: '5b8efff798038103d269b633813fc60c', spanId: '0000000000000001', kind: 2 },
              { parentSpanId: '0000000000000001', kind: 3, status: { code: 2, message: 'no' }, links: [{ traceId: '5b8efff798038103d269b633813fc60c', spanId: '0000000000000001' }] },
            ],
          },
        ],
      },
    ],
  });
  const again = readSpans(JSON.parse(JSON.stringify(written)));
  const facts = (each: (typeof spans)[number]) => [each.traceId, each.spanId, each.parentId, each.kind, each.status, each.begin, attributesOf(each), eventsOf(each), linksOf(each), each.resource.service];
  expect(again.map(facts)).toEqual(spans.map(facts));
});

const oneSpan = (more: object) => ({ resourceSpans: [{ scopeSpans: [{ spans: [more] }] }] });

test.each([
  ['a number as time, no service, no name', oneSpan({ spanId: '1111111111111111', startTimeUnixNano: 5, endTimeUnixNano: -3 }), [['unknown service', '(no name)', 5n, 0n]]],
  ['wrong kinds of everything', oneSpan({ name: 3, kind: 99, status: 'bad', attributes: { a: 1 }, events: 7, startTimeUnixNano: '1e9' }), [['unknown service', '(no name)', 0n, 0n]]],
  ['groups under their former names', { batches: [{ resource: null, instrumentationLibrarySpans: [{ instrumentationLibrary: { name: 'x' }, spans: [{ name: 'old' }] }] }] }, [['unknown service', 'old', 0n, 0n]]],
  ['null where lists should be', { resourceSpans: [null, { scopeSpans: null }, { scopeSpans: [null, { spans: [null] }] }] }, [['unknown service', '(no name)', 0n, 0n]]],
])('hostile input: %s', (_, body, expected) => {
  const spans = readSpans(body);
  expect(spans.map((span) => [span.resource.service, span.name, span.begin, span.end])).toEqual(expected);
  for (const span of spans) expect([...attributesOf(span), ...eventsOf(span), ...linksOf(span)]).toEqual([]);
});

test.each([null, 7, 'text', {}, { data: [] }, { resourceSpans: 'x' }])('what holds no spans is refused: %j', (body) => {
  expect(() => readSpans(body)).toThrow('resourceSpans');
});
