/** Queries of a panel with everything filled in, and what is needed to make tables of their answers. */

import type { Dashboard, Panel, Target } from '../model';
import type { ScopedVars, TimeSpan } from '../panel';
import type { RawRange } from '../time';
import type { Language, VariableState } from '../variables';
import { interpolate } from '../variables';
import type { Query } from './answer';
import type { Interval } from './interval';

export interface PanelContext {
  dashboard: Dashboard;
  /** As they were loaded, without builtins. */
  variables: VariableState;
  scoped?: ScopedVars;
  /** Different for each panel and each of its copies; see `ShownPanel`. */
  key: string;
  /** The dashboard's range. */
  span: TimeSpan;
  raw: RawRange;
  now: number;
  /** An IANA name. */
  timeZone: string;
  isDark: boolean;
  /** Of the panel, in pixels: how many points it has room for. */
  width: number;
  /** How often targets are scraped; 15 s when it is not known. */
  scrapeMs?: number;
  user?: string;
}

/** What an answer is made into. */
export type Shape = 'series' | 'table' | 'heatmap' | 'logs' | 'traces' | 'trace' | 'exemplars' | 'graph';

export interface PreparedTarget {
  refId: string;
  target: Target;
  language: Language;
  shape: Shape;
  /** The query that was asked, after variables. */
  query: string;
  /** Filled in but for `{{label}}`; nothing where names are made automatically. */
  legend: string;
  /** The ids of its queries, in the order in which their frames stand. */
  ids: string[];
  stepMs: number;
  /** How the column of values is called in tables. */
  valueName: string;
}

export interface PanelRequest {
  panel: Panel;
  queries: Query[];
  targets: PreparedTarget[];
  /** What is not asked, and why. */
  problems: string[];
  /** The panel's own range, which charts show. */
  span: TimeSpan;
  raw: RawRange;
  /** What to write beside the title when the range is not the dashboard's. */
  note: string;
  shiftMs: number;
  /** The variables with what holds in this panel: its range and its intervals. */
  state: VariableState;
  context: PanelContext;
  /** Of a panel that shows another's data: that panel, when its transformations come first. */
  shared?: Panel;
}

/** One target on its way into the request. */
export interface TargetPlace {
  key: string;
  target: Target;
  state: VariableState;
  interval: Interval;
  context: PanelContext;
  span: PanelRequest['span'];
  valueName: string;
}

/** What one target adds to the request. */
export interface Added {
  queries: Query[];
  prepared: PreparedTarget | null;
  problem?: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What is needed to make tables of the answers. */
export function prepare({ target, state, context, interval, valueName }: TargetPlace, language: Language, query: string, shape: PreparedTarget['shape'], ids: string[]): PreparedTarget {
  const legend = text(target.legendFormat) === '__auto' ? '__auto' : interpolate(text(target.legendFormat), state, context.scoped);
  return { refId: target.refId, target, language, shape, query, legend, ids, stepMs: interval.stepMs, valueName };
}
