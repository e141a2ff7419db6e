/** Labels of series as columns or rows of tables. */

import type { Field, Frame } from '../frame';
import { textOf, textsOf } from '../display/matchers';
import type { Transform } from './frames';
import { column, mostRows, nameless, Names, refIds } from './frames';
import { merge } from './merge';

/** A column per label, all series in one table; or a table per series with a row per label. */
export const labelsToFields: Transform = (frames, options, run) => {
  const keep = Array.isArray(options.keepLabels) ? new Set(textsOf(options.keepLabels)) : null;
  const chosen = (labels: Record<string, string>) => Object.keys(labels).filter((name) => keep === null || keep.has(name));
  if (options.mode === 'rows') return asRows(frames, chosen);
  const valueLabel = textOf(options.valueLabel);
  return merge(frames.map((frame) => asColumns(frame, chosen, valueLabel)), {}, run);
};

function asColumns(frame: Frame, chosen: (labels: Record<string, string>) => string[], valueLabel: string): Frame {
  const fields: Field[] = [];
  const labels = new Map<string, string>();
  for (const field of frame.fields) {
    if (!field.labels || Object.keys(field.labels).length === 0) {
      fields.push(field);
      continue;
    }
    for (const name of chosen(field.labels)) if (name !== valueLabel && !labels.has(name)) labels.set(name, field.labels[name]!);
    const name = valueLabel !== '' && Object.hasOwn(field.labels, valueLabel) ? field.labels[valueLabel]! : field.name;
    fields.push({ ...field, name, labels: undefined, config: nameless(field.config) });
  }
  for (const [name, value] of labels) fields.push(column(name, 'string', new Array<string>(frame.length).fill(value)));
  return { ...frame, name: undefined, fields, meta: { ...frame.meta, kind: 'table' } };
}

function asRows(frames: Frame[], chosen: (labels: Record<string, string>) => string[]): Frame[] {
  const names = new Names(frames);
  return frames.flatMap((frame) =>
    frame.fields.flatMap((field): Frame[] => {
      const { labels } = field;
      if (!labels) return [];
      const own = chosen(labels);
      return [
        {
          refId: frame.refId,
          name: names.of(field, frame),
          fields: [column('label', 'string', own), column('value', 'string', own.map((name) => labels[name]!))],
          length: own.length,
          meta: { kind: 'table' },
        },
      ];
    }),
  );
}

interface Joined {
  labels: string[];
  /** By the value of the label that names columns. */
  columns: Map<string, unknown[]>;
}

/** Series as a table with a column for each value of one label, and a row for each combination of others. */
export const joinByLabels: Transform = (frames, options, { problem }) => {
  const by = textOf(options.value);
  const series = frames.flatMap((frame) => frame.fields.filter(({ type, labels }) => type === 'number' && labels !== undefined && Object.hasOwn(labels, by)));
  if (by === '' || series.length === 0) {
    problem(`no series has the label ${JSON.stringify(by)}`);
    return frames;
  }
  const given = textsOf(options.join);
  const rest = given.length > 0 ? given : [...new Set(series.flatMap(({ labels }) => Object.keys(labels!)))].filter((name) => name !== by);
  const groups = new Map<string, Joined>();
  const columns = new Set<string>();
  for (const { labels, values } of series) {
    const own = rest.map((name) => labels![name] ?? '');
    const key = JSON.stringify(own);
    const group: Joined = groups.get(key) ?? { labels: own, columns: new Map() };
    groups.set(key, group);
    columns.add(labels![by]!);
    group.columns.set(labels![by]!, [...(group.columns.get(labels![by]!) ?? []), ...values]);
  }
  const fields = [...rest, ...columns].map((name, at) => column<unknown>(name, at < rest.length ? 'string' : 'number', []));
  let length = 0;
  for (const group of groups.values()) {
    const rows = Math.max(...[...group.columns.values()].map(({ length: own }) => own));
    if (length + rows > mostRows) {
      problem(`the table has more than ${mostRows} rows; the rest is left out`);
      break;
    }
    for (let row = 0; row < rows; row += 1) {
      for (const [at, field] of fields.entries()) field.values.push(at < rest.length ? group.labels[at] : (group.columns.get(field.name)?.[row] ?? null));
    }
    length += rows;
  }
  return [{ refId: `joinByLabels-${refIds(frames)}`, fields, length, meta: { kind: 'table' } }];
};

/** All points of all series below each other, the newest first. */
export const seriesToRows: Transform = (frames, _options, { problem }) => {
  const names = new Names(frames);
  const times: number[] = [];
  const metrics: string[] = [];
  const values: unknown[] = [];
  let valueField: Field | undefined;
  for (const frame of frames) {
    const time = frame.fields.find(({ type }) => type === 'time');
    if (!time) continue;
    for (const field of frame.fields) {
      if (field.type !== 'number') continue;
      valueField ??= field;
      const name = names.of(field, frame);
      for (let row = 0; row < frame.length; row += 1) {
        if (values.length >= mostRows) break;
        times.push(time.values[row] as number);
        metrics.push(name);
        values.push(field.values[row]);
      }
    }
  }
  if (!valueField) return frames;
  if (values.length >= mostRows) problem(`the table has more than ${mostRows} rows; the rest is left out`);
  const order = times.map((_, at) => at).sort((one, other) => times[other]! - times[one]! || one - other);
  const by = <T>(list: T[]) => order.map((at) => list[at]!);
  const fields = [column('Time', 'time', by(times)), column('Metric', 'string', by(metrics)), column('Value', 'number', by(values), nameless(valueField.config))];
  return [{ refId: `seriesToRows-${refIds(frames)}`, fields, length: order.length, meta: { kind: 'table' } }];
};
