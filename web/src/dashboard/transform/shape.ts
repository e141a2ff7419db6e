/** Tables turned about, set side by side, taken apart. */

import type { Field, Frame } from '../frame';
import { isObject, textOf, textsOf } from '../display/matchers';
import { plainText } from '../display';
import type { Transform } from './frames';
import { column, keyOf, mostColumns, Names, refIds, takenRows, timeField, typeOf, withFields } from './frames';
import { grouped } from './group-by';
import { join } from './join';

/** All columns of all frames in one; shorter ones end with nulls. */
export const concatenate: Transform = (frames, options) => {
  if (frames.length < 2) return frames;
  const length = Math.max(...frames.map((frame) => frame.length));
  const mode = textOf(options.frameNameMode) || 'field';
  const label = textOf(options.frameNameLabel) || 'frame';
  const fields = frames.flatMap((frame) =>
    frame.fields.map((field): Field => {
      const values = field.values.length === length ? field.values : [...field.values, ...new Array<null>(length - field.values.length).fill(null)];
      if (!frame.name || mode === 'drop') return { ...field, values };
      if (mode === 'label') return { ...field, values, labels: { ...field.labels, [label]: frame.name } };
      return { ...field, values, name: frame.fields.length === 1 || field.name === '' ? frame.name : `${frame.name} · ${field.name}` };
    }),
  );
  return [{ refId: `concatenate-${refIds(frames)}`, fields, length, meta: { kind: 'table' } }];
};

/** Rows become columns, named by the first column. */
export const transpose: Transform = (frames, options, { problem }) =>
  frames.map((frame): Frame => {
    const [heads, ...rest] = frame.fields;
    if (!heads || rest.length === 0) return frame;
    const names = new Names(frames);
    if (frame.length > mostColumns) problem(`the table has more than ${mostColumns} rows; the rest is left out`);
    const rows = Math.min(frame.length, mostColumns);
    const isMixed = new Set(rest.map(({ type }) => type)).size > 1;
    const restName = textOf(options.restFieldsName);
    const first = column(textOf(options.firstFieldName) || 'Field', 'string', rest.map((field) => names.of(field, frame)));
    const fields = Array.from({ length: rows }, (_, row): Field => {
      // What is of several kinds can only be text.
      const values = rest.map(({ values: own }) => (isMixed ? (own[row] == null ? null : plainText(own[row])) : own[row]));
      const type = isMixed ? 'string' : rest[0]!.type;
      const head = plainText(heads.values[row]);
      return { ...column(restName || head || `Row ${row + 1}`, type, values), labels: restName ? { row: head } : undefined };
    });
    return { ...frame, fields: [first, ...fields], length: rest.length, meta: { ...frame.meta, kind: 'table' } };
  });

const empties: Record<string, unknown> = { null: null, empty: '', true: true, false: false, zero: 0 };

/** A column for each value of one field, a row for each of another, a third in the cells. */
export const groupingToMatrix: Transform = (frames, options, { problem }) => {
  const names = new Names(frames);
  const [columnName, rowName, valueName] = [textOf(options.columnField) || 'Time', textOf(options.rowField) || 'Time', textOf(options.valueField) || 'Value'];
  const kind = textOf(options.emptyValue) || 'empty';
  if (!Object.hasOwn(empties, kind)) problem(`the empty value ${JSON.stringify(kind)} is not known`);
  // Text in a column of numbers would not be a number: a cell without a value is null, which is shown as nothing.
  return frames.map((frame): Frame => {
    const [columns, rows, cells] = [names.find(frame, columnName), names.find(frame, rowName), names.find(frame, valueName)];
    if (!columns || !rows || !cells) return frame;
    const empty = kind === 'empty' && cells.type !== 'string' ? null : Object.hasOwn(empties, kind) ? empties[kind] : null;
    const heads = distinct(columns.values);
    const sides = distinct(rows.values);
    if (heads.values.length > mostColumns) problem(`the matrix has more than ${mostColumns} columns; the rest is left out`);
    const width = Math.min(heads.values.length, mostColumns);
    const made = Array.from({ length: width }, () => new Array<unknown>(sides.values.length).fill(empty));
    for (let row = 0; row < frame.length; row += 1) {
      const at = heads.places.get(keyOf(columns.values[row]))!;
      if (at < width) made[at]![sides.places.get(keyOf(rows.values[row]))!] = cells.values[row];
    }
    const side: Field = { ...rows, name: `${rowName}\\${columnName}`, values: sides.values, config: {}, labels: undefined, nanos: undefined };
    return withFields({ ...frame, meta: { ...frame.meta, kind: 'table' } }, [side, ...made.map((values, at) => column(plainText(heads.values[at]), cells.type, values, cells.config))]);
  });
};

function distinct(values: unknown[]): { values: unknown[]; places: Map<string, number> } {
  const places = new Map<string, number>();
  const found: unknown[] = [];
  for (const value of values) {
    const key = keyOf(value);
    if (places.has(key)) continue;
    places.set(key, found.length);
    found.push(value);
  }
  return { values: found, places };
}

/** A frame for each combination of values of some fields. */
export const partitionByValues: Transform = (frames, options, { problem }) => {
  const wanted = textsOf(options.fields);
  if (wanted.length === 0) return frames;
  const names = new Names(frames);
  const naming = isObject(options.naming) ? options.naming : {};
  const [between, apart] = [textOf(naming.separator1) || '=', textOf(naming.separator2) || ' '];
  return frames.flatMap((frame): Frame[] => {
    const keys = wanted.flatMap((name) => names.find(frame, name) ?? []);
    if (keys.length === 0) return [frame];
    const groups = grouped(keys.map(({ values }) => values), frame.length);
    if (groups.length > mostColumns) problem(`there are more than ${mostColumns} parts; the rest is left out`);
    const kept = options.keepFields === true ? frame.fields : frame.fields.filter((field) => !keys.includes(field));
    return groups.slice(0, mostColumns).map((rows): Frame => {
      const labels = Object.fromEntries(keys.map((field) => [field.name, plainText(field.values[rows[0]!])]));
      const part = takenRows({ ...frame, fields: kept }, rows);
      if (naming.asLabels === true) return { ...part, fields: part.fields.map((field) => (field.type === 'time' ? field : { ...field, labels: { ...field.labels, ...labels } })) };
      const said = Object.entries(labels).map(([name, value]) => (naming.withNames === true ? `${name}${between}${value}` : value)).join(apart);
      return { ...part, name: naming.append === true && frame.name ? `${frame.name}${apart}${said}` : said };
    });
  });
};

/** One series per frame, or all series in a frame with one time. */
export const prepareTimeSeries: Transform = (frames, options, { problem }) => {
  const format = textOf(options.format) || 'wide';
  const isSeries = (frame: Frame) => timeField(frame) !== undefined && frame.fields.some(({ type }) => type === 'number' || type === 'boolean');
  if (format === 'long') return longRows(frames.filter(isSeries));
  if (!['wide', 'multi', 'many'].includes(format)) {
    problem(`the format ${JSON.stringify(format)} is not known`);
    return frames;
  }
  const single = frames.filter(isSeries).flatMap(oneByOne);
  if (format !== 'wide' || single.length < 2) return single;
  const wide = join(single, '', 'outer', problem);
  return wide === null ? single : [wide];
};

/** Text beside the numbers tells series apart: it becomes labels. */
function oneByOne(frame: Frame): Frame[] {
  const time = timeField(frame)!;
  const texts = frame.fields.filter(({ type }) => type === 'string');
  const groups = texts.length === 0 ? null : grouped(texts.map(({ values }) => values), frame.length);
  const numbers = frame.fields.filter(({ type }) => type === 'number' || type === 'boolean');
  if (groups === null) return numbers.map((field) => ({ ...frame, fields: [time, field], meta: { ...frame.meta, kind: 'series' } }));
  return groups.flatMap((rows) => {
    const labels = Object.fromEntries(texts.map(({ name, values }) => [name, plainText(values[rows[0]!])]));
    return numbers.map((field) => takenRows({ ...frame, fields: [time, { ...field, labels: { ...field.labels, ...labels } }], meta: { ...frame.meta, kind: 'series' } }, rows));
  });
}

/** A row per point, its labels as columns, in the order of time. */
function longRows(frames: Frame[]): Frame[] {
  if (frames.length === 0) return [];
  const labels = [...new Set(frames.flatMap(({ fields }) => fields.flatMap((field) => Object.keys(field.labels ?? {}))))];
  const rows: { time: unknown; labels: Record<string, string>; name: string; value: unknown }[] = [];
  for (const frame of frames) {
    const time = timeField(frame)!;
    for (const field of frame.fields) {
      if (field.type !== 'number' && field.type !== 'boolean') continue;
      for (let row = 0; row < frame.length; row += 1) rows.push({ time: time.values[row], labels: field.labels ?? {}, name: field.name, value: field.values[row] });
    }
  }
  rows.sort((one, other) => Number(one.time) - Number(other.time));
  const values = [...new Set(rows.map(({ name }) => name))];
  const fields = [
    column('time', 'time', rows.map(({ time }) => time)),
    ...values.map((name) => column(name, typeOf(rows.filter((row) => row.name === name).map(({ value }) => value)), rows.map((row) => (row.name === name ? row.value : null)))),
    ...labels.map((name) => column(name, 'string', rows.map((row) => row.labels[name] ?? null))),
  ];
  return [{ refId: refIds(frames), fields, length: rows.length, meta: { kind: 'table' } }];
}
