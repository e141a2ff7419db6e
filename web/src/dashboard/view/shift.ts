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

/** Twice the range. One that follows the present goes on following it; others widen around their middle, not beyond now. */
export function zoomedOut(raw: RawRange, { from, to }: TimeSpan, now: number): RawRange {
  const plain = raw.to.trim() === 'now' ? /^now-(\d+(?:ms|[smhdw]))$/.exec(raw.from.trim()) : null;
  const own = plain && lengthMs(plain[1]!);
  if (own) return { from: `now-${lengthText(Math.min(own * 2, longest))}`, to: 'now' };
  const length = Math.min((to - from) * 2, longest);
  const middle = (from + to) / 2;
  const end = to <= now ? Math.min(middle + length / 2, now) : middle + length / 2;
  return absolute(end - length, end);
}
