/** Tables for tests: columns by name, written out again the same way. */

import type { Field, FieldType, Frame } from '../frame';
import type { FieldConfig, JsonObject, Transformation } from '../model';
import { Names, typeOf } from './frames';
import { transform } from '.';

export type Columns = Record<string, unknown[]>;

/** Columns called Time, time or t are times. */
export function table(columns: Columns, rest: { refId?: string; name?: string; labels?: Record<string, string>; config?: FieldConfig } = {}): Frame {
  const fields = Object.entries(columns).map(([name, values]): Field => {
    const type: FieldType = /^t(ime)?$/i.test(name) ? 'time' : typeOf(values);
    const isValue = type === 'number' && (rest.labels !== undefined || rest.config !== undefined);
    return { name, type, values, labels: isValue ? rest.labels : undefined, config: isValue ? (rest.config ?? {}) : {} };
  });
  return { refId: rest.refId ?? 'A', name: rest.name, fields, length: fields[0]?.values.length ?? 0 };
}

/** Frames as lists of `[name, values]`, which keeps columns apart that share a name. */
export function written(frames: Frame[]): [string, unknown[]][][] {
  const names = new Names(frames);
  return frames.map((frame) => frame.fields.map((field) => [names.of(field, frame), field.values]));
}

const context = { interpolate: (text: string) => text.replaceAll('$five', '5').replaceAll('$name', 'cpu'), timeZone: 'UTC' };

/** Runs one transformation and says the tables and what was not honoured. */
export function run(id: string, options: JsonObject, frames: Frame[], rest: Partial<Transformation> = {}): { tables: [string, unknown[]][][]; problems: string[]; frames: Frame[] } {
  const before = structuredClone(frames);
  const made = transform(frames, [{ id, options, ...rest }], context);
  if (JSON.stringify(before) !== JSON.stringify(frames)) throw new Error(`${id} changed what it was given`);
  for (const frame of made.frames) {
    for (const field of frame.fields) if (field.values.length !== frame.length) throw new Error(`${id}: ${field.name} has ${field.values.length} values, the frame says ${frame.length}`);
  }
  return { tables: written(made.frames), problems: made.problems, frames: made.frames };
}
