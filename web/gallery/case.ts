/** What the gallery shows: one panel with made-up data. Files in `cases/` export an array of these as default. */

import type { Frame } from '../src/dashboard/frame';
import type { FieldConfig, JsonObject, Override, Panel } from '../src/dashboard/model';
import type { Annotation, TimeSpan } from '../src/dashboard/panel';

export interface Case {
  /** Unique; `kind: what is special`. It is also the name of the screenshot. */
  name: string;
  panel: Panel;
  /** Before field config: the gallery applies the panel's `fieldConfig`. */
  frames: Frame[];
  annotations?: Annotation[];
  exemplars?: Frame[];
  span: TimeSpan;
  /** Pixels inside of the panel's border; 560 by 260. */
  width?: number;
  height?: number;
  timeZone?: string;
  /** Answers of the server that the panel asks for by itself, by the key of the query. */
  known?: [key: readonly unknown[], data: unknown][];
}

/** 2026-03-10 12:00 UTC, where the made-up data begins. */
export const start = Date.UTC(2026, 2, 10, 12);
export const hour = 3_600_000;
export const span: TimeSpan = { from: start, to: start + hour };

interface PanelParts {
  title?: string;
  options?: JsonObject;
  defaults?: FieldConfig;
  overrides?: Override[];
  custom?: JsonObject;
}

let id = 0;

export function panel(type: string, { title = 'Panel', options = {}, defaults = {}, overrides = [], custom }: PanelParts = {}): Panel {
  id += 1;
  return {
    id,
    type,
    title,
    gridPos: { x: 0, y: 0, w: 12, h: 8 },
    options,
    fieldConfig: { defaults: { ...defaults, ...(custom ? { custom: { ...defaults.custom, ...custom } } : {}) }, overrides },
  } as Panel;
}

/** A series as a query of a range answers it: a frame of a time and a value. */
export function series(name: string, values: (number | null)[], { step = 60_000, from = start, labels = { series: name }, refId = 'A' }: { step?: number; from?: number; labels?: Record<string, string>; refId?: string } = {}): Frame {
  return {
    refId,
    name,
    length: values.length,
    fields: [
      { name: 'Time', type: 'time', values: values.map((_, index) => from + index * step), config: {} },
      { name: 'Value', type: 'number', values, labels, config: { displayNameFromDS: name } },
    ],
    meta: { kind: 'series', stepMs: step },
  };
}

/** A table: one field per column. */
export function table(columns: Record<string, unknown[]>, refId = 'A'): Frame {
  const fields = Object.entries(columns).map(([name, values]) => {
    const known = values.find((value) => value != null);
    const type = name === 'Time' ? 'time' : typeof known === 'number' ? 'number' : typeof known === 'boolean' ? 'boolean' : typeof known === 'string' ? 'string' : 'other';
    return { name, type, values, config: {} } as Frame['fields'][number];
  });
  return { refId, fields, length: fields[0]?.values.length ?? 0, meta: { kind: 'table' } };
}

/** Numbers that look random and are the same each time. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A wave with noise upon it. */
export function wave(count: number, { base = 50, reach = 30, period = 30, jitter = 5, seed = 1, shift = 0 } = {}): number[] {
  const random = noise(seed);
  return Array.from({ length: count }, (_, index) => base + reach * Math.sin(((index + shift) / period) * 2 * Math.PI) + jitter * (random() - 0.5));
}
