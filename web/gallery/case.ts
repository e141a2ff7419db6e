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
  seen?: Seen;
}

/**
 * What has to be seen of a case, worked out by hand from its data and never by the code under test.
 * `e2e/gallery/seen.spec.ts` reads each from the page. Colours are `#rrggbb` of the light theme.
 */
export interface Seen {
  /** The texts of single values and their names, in their order: stats, gauges, bars. */
  values?: string[];
  names?: string[];
  /** The colours of those texts, and of what lies behind them. */
  colors?: string[];
  grounds?: string[];
  /** How much of gauges and bars is filled, 0 to 1, as it is measured in the page. */
  filled?: number[];
  /** How much of a pie each colour takes, 0 to 1, as it is measured in the page. */
  slices?: Record<string, number>;
  /** Entries of the legend: a list's as one text each, a table's with their heading. */
  legend?: string[] | string[][];
  /** What a chart says of itself, by the names of its series. */
  asked?: Record<string, (number | null)[]>;
  drawn?: Record<string, (number | null)[]>;
  x?: (number | string)[];
  lines?: Record<string, string>;
  /** From where to where the axes of values reach; `null` for an end that the data decides. */
  reach?: [low: number | null, high: number | null][];
  /** What stands beside the axes of values, from the least. */
  ticks?: { side: 'left' | 'right'; texts: string[] }[];
  /** Points of the plot, in minutes (or numbers of bands) and values, with the colour that is there; `null` for none. */
  pixels?: [at: number, value: number, color: string | null][];
  /** Values stand on a logarithmic axis. */
  log?: boolean;
  /** What the tooltip says at a place of the plot, 0 to 1 from the left and the top. */
  tips?: { at: [number, number]; says: string[] }[];
  /** Heading and rows of a table. */
  table?: string[][];
  /** Colours behind the cells of a table, row by row. */
  cells?: (string | null)[][];
  /** States of lanes: text, from and to in minutes after the start, colour. */
  states?: Record<string, [text: string, from: number, to: number, color: string][]>;
  /** What is read in the panel, line by line. */
  text?: string[];
  /** Links: text and address. */
  links?: [text: string, href: string | null][];
  /** What people who do not see it are told. */
  label?: string;
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
