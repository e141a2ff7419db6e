/** How long each state of each field lasted: what state timelines and status histories draw. */

import { activeThreshold, colorOf, defaultThresholds, displayText, formatValue, mappedTo, thresholdSteps } from '../../display';
import type { Field, Frame } from '../../frame';
import type { ThresholdStep } from '../../model';
import type { TimeSpan } from '../../panel';
import { isHidden, nameOf, scaleOf, shownAs } from '../values';

export interface State {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  value: unknown;
  text: string;
  /** As CSS. */
  color: string;
  /** What stands for it in the legend. */
  kind: string;
}

export interface Lane {
  key: string;
  name: string;
  field: Field;
  frame: Frame;
  states: State[];
}

export interface LaneOptions {
  /** Equal states that follow each other are one. */
  merges: boolean;
  /** A state for each sample, around its time, rather than from one to the next. */
  samples: boolean;
  span: TimeSpan;
  isDark: boolean;
}

/** Steps of time that are missed before a state is over, as far as the data says how far its points are apart. */
const missed = 1.5;

/** What a step of thresholds is called: `< 80`, `80+`. */
export function bandName(field: Field, step: ThresholdStep): string {
  const thresholds = field.config.thresholds ?? defaultThresholds;
  const steps = thresholdSteps(thresholds);
  const unit = thresholds.mode === 'percentage' ? 'percent' : field.config.unit;
  const write = (value: number) => displayText(formatValue(value, unit, field.config.decimals));
  const next = steps[steps.indexOf(step) + 1];
  if (step.value === null || step.value === -Infinity) return next?.value == null ? 'all' : `< ${write(next.value)}`;
  return `${write(step.value)}+`;
}

const goesByThresholds = (field: Field) => field.type === 'number' && (field.config.color?.mode ?? 'thresholds') === 'thresholds';
const goesByScale = (field: Field) => field.type === 'number' && (field.config.color?.mode ?? '').startsWith('continuous-');

/** The step of the thresholds that a number has reached. */
function bandOf(field: Field, value: number): ThresholdStep | undefined {
  const { min, max } = scaleOf(field);
  return activeThreshold(value, (value - min) / (max - min), field.config.thresholds ?? defaultThresholds);
}

/** How a value is shown, merged with others and named in the legend. */
function stateOf(field: Field, value: unknown, { merges, isDark }: LaneOptions): Omit<State, 'from' | 'to'> {
  const display = shownAs(field, value);
  const color = display.color ?? 'var(--accent)';
  const text = displayText(display);
  const isMapped = mappedTo(field.config.mappings ?? [], value)?.text != null;
  if (typeof value === 'number' && !isMapped && goesByThresholds(field)) {
    const step = bandOf(field, value);
    if (step) {
      const kind = bandName(field, step);
      // Merged numbers differ: what is true of all of them is the band.
      return { value, text: merges ? kind : text, color: display.color ?? colorOf(step.color, isDark), kind };
    }
  }
  return { value, text, color, kind: !isMapped && goesByScale(field) ? '' : text };
}

/** Whether a gap in the data of this length, in milliseconds, is bridged. */
function bridges(field: Field): (length: number) => boolean {
  const spans = field.config.custom?.spanNulls;
  return (length) => spans === true || (typeof spans === 'number' && length <= spans);
}

function statesOf(field: Field, times: number[], stepMs: number | undefined, options: LaneOptions): State[] {
  const states: State[] = [];
  const bridged = bridges(field);
  const insert = field.config.custom?.insertNulls;
  const known = new Map<unknown, Omit<State, 'from' | 'to'>>();
  const shown = (value: unknown) => {
    let state = known.get(value);
    if (!state) {
      state = stateOf(field, value, options);
      if (known.size < 10_000) known.set(value, state);
    }
    return state;
  };
  /** Whether nothing shows what was between: nulls mapped to a text are states of their own. */
  const isNothing = (value: unknown) => (value == null || (typeof value === 'number' && Number.isNaN(value))) && mappedTo(field.config.mappings ?? [], value ?? null)?.text == null;

  for (let index = 0; index < times.length; index += 1) {
    const value = field.values[index];
    const from = times[index]!;
    if (value === undefined) continue;
    if (options.samples) {
      if (isNothing(value)) continue;
      const half = (stepMs ?? typicalStep(times)) / 2;
      states.push({ ...shown(value), from: from - half, to: from + half });
      continue;
    }
    const last = states.at(-1);
    if (isNothing(value)) continue;
    let next = index + 1;
    while (next < times.length && field.values[next] === undefined) next += 1;
    const isNext = next < times.length;
    let to = isNext ? times[next]! : Math.max(options.span.to, from);
    // Points that are missing end a state, as points of nothing do.
    const gap = typeof insert === 'number' ? insert : stepMs === undefined ? Infinity : stepMs * missed;
    if (isNext && to - from > gap && !bridged(to - from)) to = from + (stepMs ?? gap);
    if (!isNext && stepMs !== undefined && to - from > gap && typeof insert !== 'number') to = Math.min(to, from + stepMs);
    const state = shown(value);
    if (last && last.to < from && bridged(from - last.to)) last.to = from;
    const isSame = options.merges && last !== undefined && last.to >= from && last.text === state.text && last.color === state.color;
    if (isSame) last.to = to;
    else states.push({ ...state, from, to });
  }
  return states;
}

/** The least distance between two times; a minute when there is only one. */
function typicalStep(times: number[]): number {
  let least = Infinity;
  for (let index = 1; index < times.length; index += 1) {
    const away = times[index]! - times[index - 1]!;
    if (away > 0 && away < least) least = away;
  }
  return Number.isFinite(least) ? least : 60_000;
}

/** A lane for each field beside a time. */
export function lanesOf(frames: Frame[], options: LaneOptions): Lane[] {
  return frames.flatMap((frame, frameIndex) => {
    const time = frame.fields.find(({ type }) => type === 'time');
    if (!time) return [];
    return frame.fields.flatMap((field, fieldIndex): Lane[] => {
      if (field === time || field.type === 'time' || field.type === 'other' || isHidden(field)) return [];
      return [{ key: `${frameIndex}/${fieldIndex}`, name: nameOf(field), field, frame, states: statesOf(field, time.values as number[], frame.meta?.stepMs, options) }];
    });
  });
}

export interface LegendState {
  text: string;
  color: string;
}

/** Kinds of states that a legend lists before it would be longer than the chart. */
const mostKinds = 100;

/** The different states, in the order of thresholds where colours go by them, else as they come. */
export function kindsOf(lanes: Lane[], isDark: boolean): LegendState[] {
  const found = new Map<string, LegendState>();
  for (const { states } of lanes) {
    for (const { kind, color } of states) {
      if (kind !== '' && found.size < mostKinds) found.set(`${kind}\u0000${color}`, { text: kind, color });
    }
  }
  const field = lanes.find((lane) => goesByThresholds(lane.field))?.field;
  if (!field) return [...found.values()];
  const bands = thresholdSteps(field.config.thresholds ?? defaultThresholds).map((step) => ({ text: bandName(field, step), color: colorOf(step.color, isDark) }));
  const isBand = (state: LegendState) => bands.some(({ text }) => text === state.text);
  const own = [...found.values()].filter((state) => !isBand(state));
  return [...own, ...([...found.values()].some(isBand) ? bands : [])];
}

/** The state of a lane at a moment. */
export function stateAt({ states }: Lane, at: number): State | undefined {
  let [low, high] = [0, states.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const state = states[middle]!;
    if (at < state.from) high = middle - 1;
    else if (at >= state.to) low = middle + 1;
    else return state;
  }
  return undefined;
}
