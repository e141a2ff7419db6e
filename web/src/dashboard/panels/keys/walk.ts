/** Where the arrow keys lead in a drawing: its things stand in tracks, such as the points of lines or the cells of columns. */

export interface Track {
  /** The same while the data is of the same. */
  key: string;
  count: number;
  /** Rises from item to item: a time, a bound, a number. */
  position: (item: number) => number;
  /** Whether there is something to point at. */
  has: (item: number) => boolean;
  /** The item that a position lies in, where items are wide. */
  over?: (position: number) => number | undefined;
}

export interface Spot {
  track: number;
  item: number;
}

/** `x`: items stand beside each other, tracks below each other. `y`: items from below upwards, tracks beside each other. */
export type Along = 'x' | 'y';
/** Whether Home and End lead to the ends of the track, or to the first and the last track. */
export type Ends = 'items' | 'tracks';

/** The next item with something to point at, from `item` on; -1 when there is none. */
function seek({ count, has }: Track, item: number, by: -1 | 1): number {
  for (let at = item; at >= 0 && at < count; at += by) if (has(at)) return at;
  return -1;
}

/** The item that is nearest to a position; -1 in an empty track. */
export function nearestItem(track: Track, position: number): number {
  const inside = track.over?.(position);
  if (inside !== undefined && track.has(inside)) return inside;
  let [low, high] = [0, track.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (track.position(middle) < position) low = middle + 1;
    else high = middle;
  }
  const [after, before] = [seek(track, low, 1), seek(track, low - 1, -1)];
  if (after < 0 || before < 0) return Math.max(after, before);
  return track.position(after) - position < position - track.position(before) ? after : before;
}

/** The first track that has something, at its first item or at its last. */
export function firstSpot(tracks: readonly Track[], from: 'start' | 'end' = 'start'): Spot | null {
  for (const [track, one] of tracks.entries()) {
    const item = from === 'start' ? seek(one, 0, 1) : seek(one, one.count - 1, -1);
    if (item >= 0) return { track, item };
  }
  return null;
}

/** Where a key leads; `null` when it leads nowhere, `undefined` when it is none of these. */
export function walk(tracks: readonly Track[], { track, item }: Spot, key: string, along: Along, ends: Ends = 'items'): Spot | null | undefined {
  const here = tracks[track]!;
  const inTrack = (found: number): Spot | null => (found < 0 ? null : { track, item: found });
  const across = (from: number, by: -1 | 1): Spot | null => {
    for (let other = from; tracks[other]; other += by) {
      const found = nearestItem(tracks[other]!, here.position(item));
      if (found >= 0) return { track: other, item: found };
    }
    return null;
  };
  const [before, after, earlier, later] = along === 'x' ? ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] : ['ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight'];
  switch (key) {
    case before:
      return inTrack(seek(here, item - 1, -1));
    case after:
      return inTrack(seek(here, item + 1, 1));
    case earlier:
      return across(track - 1, -1);
    case later:
      return across(track + 1, 1);
    case 'Home':
      return ends === 'items' ? inTrack(seek(here, 0, 1)) : across(0, 1);
    case 'End':
      return ends === 'items' ? inTrack(seek(here, here.count - 1, -1)) : across(tracks.length - 1, -1);
    default:
      return undefined;
  }
}
