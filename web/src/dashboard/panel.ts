/** What a kind of panel is given, and what it may ask for. */

import type { Frame } from './frame';
import type { DataLink, JsonObject, Panel } from './model';

/** Milliseconds since 1970. */
export interface TimeSpan {
  from: number;
  to: number;
}

/** A moment or a span to mark in charts. */
export interface Annotation {
  time: number;
  timeEnd?: number;
  title?: string;
  text?: string;
  tags?: string[];
  /** As CSS. */
  color: string;
  source?: string;
}

/** Values for variables that hold in one place only: `__series.name`, `__value.raw`, the value of a repeated panel. */
export type ScopedVars = Record<string, { text: string; value: string | string[] } | undefined>;

export interface PanelProps<Options = JsonObject> {
  panel: Panel;
  options: Options;
  /** After transformations, with `config`, `displayName` and `display` set. Hidden queries are not in it. */
  frames: Frame[];
  annotations: Annotation[];
  /** Marks of traces behind the samples, frames of kind `exemplars`. */
  exemplars: Frame[];
  width: number;
  height: number;
  range: TimeSpan;
  /** An IANA name. */
  timeZone: string;
  isDark: boolean;
  /** 0 none, 1 crosshair, 2 tooltip: shared with other panels. */
  sharedCursor: number;
  /** Panels with one key share the cursor. */
  cursorKey: string;
  /** Fills in variables. */
  interpolate: (text: string, scoped?: ScopedVars, format?: string) => string;
  /** A link with its variables filled in. */
  link: (link: DataLink, scoped?: ScopedVars) => { href: string; title: string; targetBlank: boolean };
  onRange: (span: TimeSpan) => void;
  /** Keeps a choice of the reader, such as a hidden series, in the panel's options until the page is left. */
  onOptions: (options: JsonObject) => void;
  /** Adds a condition to the variable of type `adhoc`, when there is one. */
  onFilter?: (key: string, operator: '=' | '!=', value: string) => void;
}
