import type { KeyboardEvent } from 'react';
import { useLayoutEffect, useRef, useState } from 'react';
import './keys.css';
import type { Along, Ends, Spot, Track } from './walk';
import { firstSpot, nearestItem, walk } from './walk';

/** In pixels of what the drawing stands in. */
export interface SpotBox {
  left: number;
  top: number;
  width: number;
  height: number;
}

interface Props {
  tracks: readonly Track[];
  along: Along;
  ends?: Ends;
  /** Where the keyboard comes in. */
  begin?: 'start' | 'end';
  /** Around a point, which it must not cover. */
  isPoint?: boolean;
  boxOf: (spot: Spot) => SpotBox;
  describe: (spot: Spot) => string;
  /** `place` is a place of the window; `pinned` when the spot is chosen. */
  onPick: (spot: Spot, place: { x: number; y: number }, pinned: boolean) => void;
  onLeave: () => void;
}

/**
 * One thing of a drawing at a time for the keyboard: a button that stands upon it. Arrows, Home and End lead to others,
 * Enter opens what a click does. The pointer goes through it to the picture.
 */
export function CursorKeys({ tracks, along, ends, begin, isPoint = false, boxOf, describe, onPick, onLeave }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const [at, setAt] = useState<{ key: string; position: number } | null>(null);
  const kept = (): Spot | null => {
    const track = at === null ? -1 : tracks.findIndex(({ key }) => key === at.key);
    const item = track < 0 ? -1 : nearestItem(tracks[track]!, at!.position);
    return item < 0 ? null : { track, item };
  };
  const spot = kept() ?? firstSpot(tracks, begin);
  // Where a thing stands is known when it has been drawn, and may change with each drawing.
  useLayoutEffect(() => {
    if (!spot || !button.current) return;
    const { left, top, width, height } = boxOf(spot);
    Object.assign(button.current.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  });
  if (!spot) return null;

  const placeOf = (one: Spot) => {
    const around = (button.current!.offsetParent ?? button.current!.parentElement!).getBoundingClientRect();
    const { left, top, width, height } = boxOf(one);
    return { x: around.left + left + width / 2, y: around.top + top + height / 2 };
  };
  const pick = (one: Spot) => {
    const track = tracks[one.track]!;
    setAt({ key: track.key, position: track.position(one.item) });
    onPick(one, placeOf(one), false);
  };
  const move = (event: KeyboardEvent) => {
    const next = walk(tracks, spot, event.key, along, ends);
    if (next === undefined) return;
    // Arrows scroll the page and move the dashboard's range elsewhere.
    event.preventDefault();
    event.stopPropagation();
    if (next) pick(next);
  };
  return <button ref={button} type="button" className={isPoint ? 'cursor-key point' : 'cursor-key'} aria-label={describe(spot)} onFocus={() => pick(spot)} onBlur={onLeave} onKeyDown={move} onClick={() => onPick(spot, placeOf(spot), true)} />;
}
