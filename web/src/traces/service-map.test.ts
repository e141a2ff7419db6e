import { expect, test } from 'vitest';
import type { MapAnswers, ServiceMap } from './service-map';
import { busiest, layout, mapQueries, serviceMap } from './service-map';

const answers = (more: Partial<MapAnswers>): MapAnswers => ({ requests: [], failed: [], durations: [], calls: [], callErrors: [], callDurations: [], ...more });
/** A map of calls such as `a>b`. */
const map = (text: string): ServiceMap => {
  const requests = text.split(' ').map((each) => {
    const [client = '', server = ''] = each.split('>');
    return { metric: { client, server }, value: 1 };
  });
  return serviceMap(answers({ requests }));
};
/** Layers with their services from the top; a dot where a call passes. */
const drawn = (text: string) => {
  const layers: string[][] = [];
  const { placed, ways } = layout(map(text));
  for (const { name, layer, row } of placed.values()) (layers[layer] ??= [])[row] = name;
  for (const { layer, row } of [...ways.values()].flat()) (layers[layer] ??= [])[row] = '·';
  return layers.map((layer) => layer.join(' ')).join(' | ');
};

test.each([
  ['a>b b>c', 'a | b | c'],
  ['a>b a>c c>b', 'a | · c | b'],
  ['a>b b>a', 'a | b'],
  ['a>a', 'a'],
  ['x>a a>b b>c c>a', 'x | a | b | c'],
  ['a>d b>c', 'b a | c d'],
  ['a>b c>d', 'a c | b d'],
])('%s is laid out as %s', (calls, expected) => {
  expect(drawn(calls)).toBe(expected);
});

test('every call but those of circles goes to a later layer, and nobody shares a place', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const calls = Array.from({ length: 60 }, (_, index) => {
      const from = (index * 13 + seed * 7) % 30;
      return `s${from}>s${from + 1 + ((index * seed) % 9)}`;
    });
    const made = map(calls.join(' '));
    const { placed, ways, layers, rows } = layout(made);
    const passed = [...ways.values()].flat();
    expect(placed.size).toBe(made.nodes.size);
    for (const { client, server } of made.edges) expect(placed.get(client)!.layer, `seed ${seed}`).toBeLessThan(placed.get(server)!.layer);
    const places = new Set([...placed.values(), ...passed].map(({ layer, row }) => `${layer} ${row}`));
    expect(places.size).toBe(placed.size + passed.length);
    for (const { layer, row } of placed.values()) expect(layer < layers && row < rows).toBe(true);
  }
});

test('a chain of 5,000 services is laid out without deep recursion', () => {
  const { layers } = layout(map(Array.from({ length: 5_000 }, (_, index) => `s${index}>s${index + 1}`).join(' ')));
  expect(layers).toBe(5_001);
});

test('figures come from calls, and from a service’s own spans where it has some', () => {
  const edge = { client: 'web', server: 'api' };
  const made = serviceMap(
    answers({
      requests: [
        { metric: edge, value: 10 },
        { metric: { client: 'api', server: 'db', connection_type: 'database' }, value: 4 },
        { metric: { client: 'gone', server: 'api' }, value: 0 },
        { metric: { client: '', server: 'api' }, value: 3 },
      ],
      failed: [{ metric: edge, value: 2 }],
      durations: [
        { metric: edge, value: 0.5 },
        { metric: { client: 'api', server: 'db', connection_type: 'database' }, value: Number.NaN },
      ],
      calls: [
        { metric: { service: 'api' }, value: 12 },
        { metric: { service: 'alone' }, value: 1 },
      ],
      callErrors: [{ metric: { service: 'api' }, value: 3 }],
      callDurations: [{ metric: { service: 'api' }, value: 0.4 }],
    }),
  );
  expect(made.edges).toEqual([
    { client: 'web', server: 'api', connection: '', rate: 10, failed: 2, p95: 0.5 },
    { client: 'api', server: 'db', connection: 'database', rate: 4, failed: 0, p95: null },
  ]);
  expect(Object.fromEntries(made.nodes)).toEqual({
    web: { rate: 0, failed: 0, p95: null },
    api: { rate: 12, failed: 3, p95: 0.4 },
    db: { rate: 4, failed: 0, p95: null },
    alone: { rate: 1, failed: 0, p95: null },
  });
});

test('of many services the busiest are kept', () => {
  const { map: kept, left } = busiest(map('a>b a>c a>d d>b'), 2);
  expect([...kept.nodes.keys()].sort()).toEqual(['a', 'b']);
  expect(kept.edges).toHaveLength(1);
  expect(left).toBe(2);
});

test('the range stands in every expression', () => {
  for (const query of Object.values(mapQueries('15m'))) expect(query).toContain('[15m]');
});
