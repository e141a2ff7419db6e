import { expect, test } from 'vitest';
import { applyFieldConfig, displayText, seriesColor } from '../display';
import type { Field, FieldType, Frame } from '../frame';
import type { Json, JsonObject } from '../model';
import { transform, transformationIds } from '.';

/** A small generator of numbers that a seed repeats (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const texts = ['', 'a', 'b', 'Time', 'Value', '/a|b/', '(', '5', '-1', 'A', 'constructor', '__proto__', 'sum', 'mean', 'binary', 'groupby', 'aggregate', 'byName', 'byRegexp', 'invert', 'json', 'number', 'time', 'inner', 'columns', 'rows', '${x}', 'YYYY', 'Title Case', 'greater', 'reduceFields', 'windowFunctions', 'exclude', 'field.name', 'max', 'outerTabular', 'multi', 'long', 'regexp', 'delimiter', 'label'];
const keys = [
  'excludeByName', 'includeByName', 'indexByName', 'renameByName', 'orderBy', 'orderByMode', 'regex', 'renamePattern', 'include', 'exclude', 'names', 'pattern', 'variable', 'byVariable', 'byField', 'mode', 'fields', 'operation', 'aggregations', 'source', 'format', 'regExp', 'jsonPaths',
  'path', 'alias', 'replace', 'keepTime', 'reduce', 'reducer', 'reducers', 'binary', 'left', 'right', 'operator', 'matcher', 'id', 'options', 'unary', 'fieldName', 'cumulative', 'window', 'field', 'windowSize', 'windowSizeMode', 'index', 'replaceFields', 'timeSeries', 'sort', 'desc', 'limitField', 'filters', 'config',
  'value', 'from', 'to', 'type', 'match', 'keepLabels', 'valueLabel', 'join', 'conversions', 'targetField', 'destinationType', 'dateFormat', 'mappings', 'handlerKey', 'frameNameMode', 'columnField', 'rowField', 'valueField', 'emptyValue', 'naming', 'asLabels', 'bucketSize', 'bucketCount', 'combine', 'timeField', 'outputFormat', 'stringField', 'timezone',
];

class Maker {
  constructor(private readonly random: () => number) {}

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  json(depth: number): Json {
    const kind = Math.floor(this.random() * (depth > 0 ? 9 : 6));
    if (kind < 3) return this.pick(texts);
    if (kind === 3) return this.pick([0, 1, -1, 0.5, 2, 100, 1e308, -0]);
    if (kind === 4) return this.random() < 0.5;
    if (kind === 5) return null;
    if (kind === 6) return Array.from({ length: Math.floor(this.random() * 4) }, () => this.json(depth - 1));
    return this.object(depth);
  }

  object(depth: number): JsonObject {
    return Object.fromEntries(Array.from({ length: Math.floor(this.random() * 7) }, () => [this.pick(this.random() < 0.7 ? keys : texts), this.json(depth - 1)]));
  }

  frame(at: number): Frame {
    const length = this.pick([0, 1, 3, 7]);
    const types: FieldType[] = ['time', 'number', 'string', 'boolean', 'other'];
    const fields = Array.from({ length: Math.floor(this.random() * 5) }, (_, place): Field => {
      const type = place === 0 && this.random() < 0.7 ? 'time' : this.pick(types);
      const values = Array.from({ length }, () => (this.random() < 0.2 ? null : type === 'string' ? this.pick(texts) : type === 'boolean' ? this.random() < 0.5 : type === 'other' ? this.json(2) : this.pick([0, 1, -1, NaN, Infinity, 1.5, 1e12])));
      return { name: type === 'time' ? 'Time' : this.pick(['Value', 'a', 'b', 'constructor', '']), type, values, labels: this.random() < 0.5 ? { a: this.pick(texts), b: 'x' } : undefined, config: this.random() < 0.3 ? { nullValueMode: 'connected' } : {} };
    });
    return { refId: this.pick(['A', 'B', '']), name: this.random() < 0.3 ? this.pick(texts) : undefined, fields, length: fields.length === 0 ? 0 : length, meta: at === 0 ? { kind: 'series' } : undefined };
  }
}

const interpolate = (text: string) => text;
const seed = Math.floor(Math.random() * 2 ** 31);

test(`no transformation breaks on what it is given (seed ${seed})`, () => {
  const maker = new Maker(seeded(seed));
  for (let round = 0; round < 3_000; round += 1) {
    const frames = Array.from({ length: round % 4 }, (_, at) => maker.frame(at));
    const steps = Array.from({ length: 1 + (round % 2) }, () => ({ id: maker.pick(transformationIds), options: maker.object(4), filter: round % 10 === 0 ? (maker.object(1) as { id: string }) : undefined }));
    const given = JSON.stringify({ frames, steps });
    const before = structuredClone(frames);
    const { frames: made } = transform(frames, steps, { interpolate, timeZone: 'UTC' });
    expect(frames, given).toEqual(before);
    for (const frame of made) for (const field of frame.fields) expect(field.values.length, given).toBe(frame.length);
  }
});

test(`no field config breaks what shows it (seed ${seed})`, () => {
  const maker = new Maker(seeded(seed));
  const names = ['unit', 'decimals', 'min', 'max', 'thresholds', 'mappings', 'color', 'displayName', 'noValue', 'custom', 'links', 'fieldMinMax', 'nullValueMode'];
  const garbage = () => maker.json(3);
  const thresholds = () => ({ mode: maker.pick(['absolute', 'percentage', 'x']), steps: maker.pick([garbage(), [], [{ value: null, color: 'red' }, { value: garbage(), color: garbage() }]]) });
  const mapping = () => ({ type: maker.pick(['value', 'range', 'regex', 'special', 'x']), options: maker.pick([garbage(), { a: { text: 'A' } }, { from: garbage(), to: garbage(), result: garbage() }, { pattern: garbage(), result: garbage() }, { match: garbage(), result: garbage() }]) });
  const color = () => ({ mode: maker.pick(['fixed', 'thresholds', 'palette-classic', 'palette-classic-by-name', 'shades', 'continuous-GrYlRd', garbage()]), fixedColor: garbage(), seriesBy: garbage() });
  for (let round = 0; round < 2_000; round += 1) {
    const config = Object.fromEntries(names.filter(() => round % 3 !== 0).map((name) => [name, garbage()]));
    if (round % 2 === 0) Object.assign(config, { thresholds: thresholds(), mappings: [mapping(), mapping(), garbage()], color: color() });
    const overrides = [{ matcher: maker.object(2), properties: [{ id: maker.pick([...names, 'custom.a.b']), value: garbage() }, garbage()] }, garbage()];
    const given = JSON.stringify({ config, overrides });
    const made = applyFieldConfig([maker.frame(0), maker.frame(1)], { defaults: config, overrides } as never, { isDark: round % 2 === 0, timeZone: 'UTC', interpolate, panelType: 'stat' });
    for (const { fields } of made) {
      for (const field of fields) {
        for (const value of [...field.values, undefined, 'x', 5]) {
          const shown = field.display!(value);
          expect(typeof displayText(shown), given).toBe('string');
          expect(typeof shown.color, given).toBe('string');
        }
        expect(typeof seriesColor(field, true), given).toBe('string');
      }
    }
  }
});
