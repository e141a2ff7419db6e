/** Steps of queries: as many points as a panel has room for, on a grid that queries of all panels share. */

import { lengthMs, lengthText, niceInterval } from '../time';
import type { TimeSpan } from '../panel';
import type { VariableState } from '../variables';

/** The most steps of a range: Prometheus refuses more than 11,000 points, and a range on its grid has one or two more than it has steps. */
const mostSteps = 11_000 - 2;

const isVariable = (text: string) => /^\$\{?__(rate_)?interval(_ms)?\}?$|^\$\{?__rate_interval_ms\}?$/.test(text.trim());

export interface Interval {
  stepMs: number;
  /** What `$__interval`, `$__rate_interval` and `$__auto` stand for. */
  variables: VariableState;
}

const one = (value: string): { text: string; value: string } => ({ text: value, value });

function variables(stepMs: number, rateMs: number, autoMs: number): VariableState {
  return {
    __interval: one(lengthText(stepMs)),
    __interval_ms: one(String(stepMs)),
    __rate_interval: one(lengthText(rateMs)),
    __rate_interval_ms: one(String(rateMs)),
    __auto: one(lengthText(autoMs)),
  };
}

const safely = (rangeMs: number) => (rangeMs / mostSteps <= 1 ? 1 : least(rangeMs));
/** The least nice interval that keeps a range within the most points. */
function least(rangeMs: number): number {
  const exact = rangeMs / mostSteps;
  const rounded = niceInterval(exact);
  return rounded >= exact ? rounded : niceInterval(exact * 2);
}

/** What a query for metrics says of its step. */
export interface StepSettings {
  span: TimeSpan;
  maxDataPoints: number;
  /** The panel's least interval, filled in. */
  panelInterval?: string;
  /** The query's own, filled in but for `$__interval` and `$__rate_interval`. */
  queryInterval?: string;
  intervalFactor?: number;
  /** How often the sources of the data are asked. */
  scrapeMs: number;
}

/**
 * The step of a query in PromQL, by the rules of Grafana's data source: the range divided by the points, rounded to a
 * nice interval, not below the query's own least step, or else the panel's or the scrape interval.
 */
export function promqlInterval({ span, maxDataPoints, panelInterval = '', queryInterval = '', intervalFactor, scrapeMs }: StepSettings): Interval {
  const rangeMs = span.to - span.from;
  const points = Math.max(1, maxDataPoints);
  const wanted = niceInterval(rangeMs / points);
  const asVariable = isVariable(queryInterval);
  const own = asVariable ? null : lengthMs(queryInterval);
  const general = Math.max(wanted, lengthMs(panelInterval) ?? scrapeMs);
  const base = Math.max(own === null ? general : Math.max(wanted, own), safely(rangeMs), 1);
  const scrape = own ?? scrapeMs;
  const rateOf = (step: number) => Math.max(step + scrape, 4 * scrape);
  const factor = typeof intervalFactor === 'number' && intervalFactor > 1 ? Math.floor(intervalFactor) : 1;
  const step = Math.round(asVariable && queryInterval.includes('rate_interval') ? rateOf(base) : base * factor);
  return { stepMs: step, variables: variables(step, asVariable && queryInterval.includes('rate_interval') ? step : rateOf(step), step) };
}

/** The step of a query in LogQL or of TraceQL's metrics: nothing is scraped, so that only the points count. */
export function otherInterval({ span, maxDataPoints, panelInterval = '', queryInterval = '', intervalFactor, scrapeMs }: StepSettings, isInstant: boolean): Interval {
  const rangeMs = span.to - span.from;
  const wanted = Math.max(niceInterval(rangeMs / Math.max(1, maxDataPoints)), lengthMs(panelInterval) ?? 1_000);
  const own = isVariable(queryInterval) ? null : lengthMs(queryInterval);
  const factor = typeof intervalFactor === 'number' && intervalFactor > 1 ? intervalFactor : 1;
  const step = Math.round(Math.max(own ?? wanted * factor, safely(rangeMs), 1));
  return { stepMs: step, variables: variables(wanted, Math.max(wanted + scrapeMs, 4 * scrapeMs), isInstant ? rangeMs : step) };
}

/** The range on the grid of a step; days and weeks begin with those of the zone. */
export function aligned({ from, to }: TimeSpan, stepMs: number, offsetMs: number): TimeSpan {
  const down = (at: number) => Math.floor((at + offsetMs) / stepMs) * stepMs - offsetMs;
  return { from: down(from), to: down(to) };
}
