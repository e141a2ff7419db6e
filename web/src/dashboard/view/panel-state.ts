import type { Diagnostic } from '../../api/request';
import type { Annotation, TimeSpan } from '../panel';
import type { Frame } from '../frame';

/** A query as it was asked, with what came of it. */
export interface AskedQuery {
  refId: string;
  language: 'promql' | 'logql' | 'traceql';
  kind: string;
  query: string;
  fromMs: number;
  toMs: number;
  stepMs?: number;
  stats?: { milliseconds?: number; cached_points?: number; computed_points?: number };
  /** Series, entries or traces of the answer. */
  found?: number;
  warnings: string[];
  infos: string[];
  error?: QueryError;
}

export interface QueryError {
  type: string;
  message: string;
  diagnostics?: Diagnostic[];
}

/** What a panel shows, and what is on its way. The same object while nothing changes. */
export interface PanelState {
  loading: boolean;
  /** Whether an answer has come at all. */
  answered: boolean;
  frames: Frame[];
  /** What the panel's own transformations begin with. */
  given: Frame[];
  exemplars: Frame[];
  annotations: Annotation[];
  /** What is not shown as it was meant: data sources, transformations. */
  problems: string[];
  /** The range that the frames were asked for. */
  range: TimeSpan;
  /** Beside the title, where the panel has a range of its own. */
  rangeNote: string;
  queries: AskedQuery[];
}

export const emptyPanelState: PanelState = { loading: false, answered: false, frames: [], given: [], exemplars: [], annotations: [], problems: [], range: { from: 0, to: 1 }, rangeNote: '', queries: [] };
