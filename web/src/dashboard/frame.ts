/** Data as panels see it: tables whose columns are fields. One series of a metric is a frame with a time and a value. */

import type { FieldConfig } from './model';

export type FieldType = 'time' | 'number' | 'string' | 'boolean' | 'other';

/** A value as it is to be read: `prefix + text + suffix`. */
export interface DisplayValue {
  text: string;
  prefix?: string;
  suffix?: string;
  /** The value as a number; NaN when it is none. */
  numeric: number;
  /** Where it lies between min and max, 0 to 1. */
  percent?: number;
  /** As CSS. */
  color?: string;
  icon?: string;
}

export interface Field<T = unknown> {
  name: string;
  type: FieldType;
  /** Times are milliseconds since 1970, numbers may be `null`, NaN or infinite. */
  values: T[];
  labels?: Record<string, string>;
  /** Defaults and overrides together, once `applyFieldConfig` has run. */
  config: FieldConfig;
  /** What the field is called in legends and headings; set by `applyFieldConfig`. */
  displayName?: string;
  /** Set by `applyFieldConfig`. */
  display?: (value: unknown, decimals?: number | null) => DisplayValue;
  /** The field's own number among the fields of values of all frames: what palettes go by. */
  seriesIndex?: number;
  /**
   * What percentages, colour scales and gauges go by: `min` and `max` of the config, else those of the values of all
   * frames. Set by `applyFieldConfig`; worked out when first asked for. Axes look at the config alone.
   */
  range?: () => { min: number; max: number };
  /** Nanoseconds within the millisecond, for times of logs. */
  nanos?: number[];
}

/** A native histogram at one moment. */
export interface HistogramValue {
  count: number;
  sum: number;
  /** Lower and upper bound and the count between. */
  buckets: [number, number, number][];
}

export interface Frame {
  /** The query that gave it. */
  refId: string;
  name?: string;
  fields: Field[];
  length: number;
  meta?: {
    /** `series` of a metric, `logs`, `traces`, a `trace`, a `table`, `heatmap` rows, exemplars or annotations. */
    kind?: 'series' | 'logs' | 'traces' | 'trace' | 'table' | 'heatmap' | 'exemplars' | 'graph';
    /** The expression as it was asked, after variables. */
    query?: string;
    language?: 'promql' | 'logql' | 'traceql';
    /** Milliseconds between points. */
    stepMs?: number;
    /** Seconds by which the times were shifted. */
    timeShiftMs?: number;
  };
}

export const isTime = (field: Field): field is Field<number> => field.type === 'time';
export const isNumber = (field: Field): field is Field<number | null> => field.type === 'number';
