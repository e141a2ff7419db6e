import type { KeyboardEvent } from 'react';
import { useRef, useState } from 'react';
import type { TimeSpan } from '../../panel';
import type { Lane, State } from './states';
import { stateAt } from './states';

interface Props {
  lanes: Lane[];
  span: TimeSpan;
  /** Of the plot, in pixels. */
  width: number;
  height: number;
  /** Shares of a lane's height and of a sample's width. */
  rowHeight: number;
  columnWidth: number;
  describe: (lane: Lane, state: State) => string;
  /** The state that stands at a place of the window; `pinned` when it is chosen. */
  onPick: (lane: Lane, state: State, place: { x: number; y: number }, pinned: boolean) => void;
  onLeave: () => void;
}

/** States that can be seen; what lies outside of the span cannot be pointed at either. */
const seen = ({ states }: Lane, { from, to }: TimeSpan) => states.filter((state) => state.to > from && state.from < to);
const middle = (state: State, { from, to }: TimeSpan) => (Math.max(state.from, from) + Math.min(state.to, to)) / 2;

/**
 * One state at a time for the keyboard: a button that stands upon it. Arrows lead to its neighbours and to other lanes,
 * Enter opens what a click does. The pointer goes through it to the picture.
 */
export function StateKeys({ lanes, span, width, height, rowHeight, columnWidth, describe, onPick, onLeave }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const [at, setAt] = useState<{ lane: number; time: number } | null>(null);
  const usable = lanes.map((lane) => ({ lane, states: seen(lane, span) }));
  const row = at !== null && (usable[at.lane]?.states.length ?? 0) > 0 ? at.lane : usable.findIndex(({ states }) => states.length > 0);
  if (row < 0) return null;
  const nearest = (of: number, time: number): State => {
    const { lane, states } = usable[of]!;
    const here = stateAt(lane, time);
    return here && states.includes(here) ? here : states.reduce((best, one) => (Math.abs(middle(one, span) - time) < Math.abs(middle(best, span) - time) ? one : best));
  };
  const state = at === null ? usable[row]!.states[0]! : nearest(row, at.time);
  const { lane, states } = usable[row]!;

  const x = (time: number) => ((Math.min(Math.max(time, span.from), span.to) - span.from) / (span.to - span.from)) * width;
  const lost = ((state.to - state.from) * (1 - columnWidth)) / 2;
  const [left, right] = [x(state.from + lost), x(state.to - lost)];
  const each = height / lanes.length;
  const box = (of: number, one: State) => {
    const plot = button.current!.parentElement!.getBoundingClientRect();
    return { x: plot.left + x(middle(one, span)), y: plot.top + (of + 0.5) * each };
  };
  const pick = (of: number, one: State) => {
    setAt({ lane: of, time: middle(one, span) });
    onPick(usable[of]!.lane, one, box(of, one), false);
  };
  const move = (event: KeyboardEvent) => {
    const place = states.indexOf(state);
    const inLane = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: states.length - 1 }[event.key];
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (inLane === undefined && by === undefined) return;
    // Arrows scroll the page and move the dashboard's range elsewhere.
    event.preventDefault();
    event.stopPropagation();
    if (inLane !== undefined) {
      const next = states[inLane];
      if (next) pick(row, next);
      return;
    }
    let other = row + by!;
    while (usable[other]?.states.length === 0) other += by!;
    if (usable[other]) pick(other, nearest(other, middle(state, span)));
  };
  return (
    <button
      ref={button}
      type="button"
      className="lanes-state"
      style={{ left, width: Math.max(2, right - left), top: row * each + (each * (1 - rowHeight)) / 2, height: each * rowHeight }}
      aria-label={describe(lane, state)}
      onFocus={() => pick(row, state)}
      onBlur={onLeave}
      onKeyDown={move}
      onClick={() => onPick(lane, state, box(row, state), true)}
    />
  );
}
