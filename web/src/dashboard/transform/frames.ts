/** What transformations share: their form, names, columns, keys of rows. */

import { Namer } from '../display';
import type { Field, FieldType, Frame } from '../frame';
import type { FieldConfig, JsonObject } from '../model';
import type { ScopedVars } from '../panel';

export interface TransformContext {
  interpolate: (text: string, scoped?: ScopedVars, format?: string) => string;
  /** An IANA name; absent for the browser's zone. */
  timeZone?: string;
}

export interface Run extends TransformContext {
  /** Says what of the options is not honoured. */
  problem: (what: string) => void;
}

/** Gives new frames; what it is given stays as it is, and values that do not change are shared. */
export type Transform = (frames: Frame[], options: JsonObject, run: Run) => Frame[];

/** No result has more rows: a join of tables can multiply them. */
export const mostRows = 500_000;
/** No result has more columns. */
export const mostColumns = 5_000;

export const column = <T>(name: string, type: FieldType, values: T[], config: FieldConfig = {}): Field => ({ name, type, values, config });

/** The names by which a dashboard speaks of a frame's fields. */
export class Names {
  private readonly namer: Namer;

  constructor(frames: Frame[]) {
    this.namer = new Namer(frames);
  }

  of(field: Field, frame: Frame): string {
    return this.namer.name(field, frame);
  }

  /** The first field that is called so, or has this as its own name. */
  find(frame: Frame, name: string): Field | undefined {
    return frame.fields.find((field) => this.of(field, frame) === name) ?? frame.fields.find((field) => field.name === name);
  }
}

/** A config without what named the field in another place. */
export function nameless(config: FieldConfig): FieldConfig {
  if (config.displayName === undefined && config.displayNameFromDS === undefined) return config;
  const copy = { ...config };
  delete copy.displayName;
  delete copy.displayNameFromDS;
  return copy;
}

/** A field under a name of the dashboard's. */
export const renamed = (field: Field, name: string): Field => ({ ...field, config: { ...field.config, displayName: name } });

/** The field with some of its values, in this order; `-1` is no value. */
export function taken(field: Field, rows: ArrayLike<number>): Field {
  const { values, nanos } = field;
  const made = new Array<unknown>(rows.length);
  for (let at = 0; at < rows.length; at += 1) made[at] = rows[at]! < 0 ? null : values[rows[at]!];
  const copy: Field = { ...field, values: made };
  if (nanos) copy.nanos = Array.from(rows, (row) => (row < 0 ? 0 : (nanos[row] ?? 0)));
  return copy;
}

export const takenRows = (frame: Frame, rows: ArrayLike<number>): Frame => ({ ...frame, fields: frame.fields.map((field) => taken(field, rows)), length: rows.length });

/** Fields of another length than before, or of none. */
export const withFields = (frame: Frame, fields: Field[]): Frame => ({ ...frame, fields, length: fields.length === 0 ? 0 : Math.max(...fields.map(({ values }) => values.length)) });

/** A text that two values have in common only when they are the same. */
export function keyOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `s${value}`;
    case 'number':
      return `n${value}`;
    case 'boolean':
      return `b${value}`;
    case 'undefined':
      return '-';
    default:
      return value === null ? '-' : `o${JSON.stringify(value)}`;
  }
}

/** What the values are, by the first of them. */
export function typeOf(values: unknown[]): FieldType {
  for (const value of values) {
    if (value == null) continue;
    if (typeof value === 'number') return 'number';
    if (typeof value === 'string') return 'string';
    return typeof value === 'boolean' ? 'boolean' : 'other';
  }
  return 'other';
}

/** What can still be said of a frame that several became. */
export function commonMeta(frames: Frame[]): Frame['meta'] {
  const kinds = new Set(frames.map(({ meta }) => meta?.kind));
  return kinds.size === 1 && frames[0]?.meta ? frames[0].meta : { kind: 'table' };
}

export const refIds = (frames: Frame[]): string => [...new Set(frames.map(({ refId }) => refId))].join('-');

export const timeField = (frame: Frame): Field | undefined => frame.fields.find(({ type }) => type === 'time');

/**
 * Series without the moments at which they have no point. Answers hold series on grids that they share, where a chart
 * wants the gaps; a table has no row for what does not exist.
 */
export function withoutGaps(frames: Frame[]): Frame[] {
  return frames.map((frame) => {
    const values = frame.meta?.kind === 'series' ? frame.fields.filter(({ type }) => type !== 'time') : [];
    if (values.length === 0 || !values.every(({ config }) => config.nullValueMode === 'connected')) return frame;
    const rows: number[] = [];
    for (let row = 0; row < frame.length; row += 1) if (values.some((field) => field.values[row] != null)) rows.push(row);
    return rows.length === frame.length ? frame : takenRows(frame, rows);
  });
}
