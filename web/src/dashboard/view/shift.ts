import type { TimeSpan } from '../panel';
import type { RawRange } from '../time';
import { lengthMs, lengthText } from '../time';

const absolute = (from: number, to: number): RawRange => ({ from: String(Math.round(from)), to: String(Math.round(to)) });
/** The longest range, in milliseconds: a hundred years. */
const longest = 3_155_760_000_000;

/** The range before or after, by half of its length, as Grafana's arrows go. */
export function shifted({ from, to }: TimeSpan, direction: -1 | 1): RawRange {
  const half = ((to - from) / 2) * direction;
  return absolute(from + half, to + half);
}

/** The length of a range that ends now, in milliseconds, where it is a plain one. */
function followed({ from, to }: RawRange): number | null {
  const plain = to.trim() === 'now' ? /^now-(\d+(?:ms|[smhdw]))$/.exec(from.trim()) : null;
  return (plain && lengthMs(plain[1]!)) || null;
}

/** Twice the range. One that follows the present goes on following it; others widen around their middle, not beyond now. */
export function zoomedOut(raw: RawRange, { from, to }: TimeSpan, now: number): RawRange {
  const own = followed(raw);
  if (own) return { from: `now-${lengthText(Math.min(own * 2, longest))}`, to: 'now' };
  const length = Math.min((to - from) * 2, longest);
  const middle = (from + to) / 2;
  const end = to <= now ? Math.min(middle + length / 2, now) : middle + length / 2;
  return absolute(end - length, end);
}

/** The shortest range, in milliseconds. */
const shortest = 1_000;

/** Half the range. One that follows the present goes on following it; others narrow around their middle. */
export function zoomedIn(raw: RawRange, { from, to }: TimeSpan): RawRange {
  const own = followed(raw);
  if (own) return { from: `now-${lengthText(Math.max(own / 2, shortest))}`, to: 'now' };
  const length = Math.max((to - from) / 2, shortest);
  const middle = (from + to) / 2;
  return absolute(middle - length / 2, middle + length / 2);
}
