/** A range of time on its way through the clipboard, in Grafana's form. */

import type { Calendar, RawRange } from '../time';
import { isRelative, rangeOf } from '../time';

/** No range is written longer. */
const longest = 1_000;

/** Dates leave as such, so that they mean the same elsewhere. */
const outgoing = (text: string) => (/^-?\d+$/.test(text) ? new Date(Number(text)).toISOString() : text);

/** `{"from":"now-1h","to":"now"}`. */
export const textOfRange = ({ from, to }: RawRange): string => JSON.stringify({ from: outgoing(from), to: outgoing(to) });

function pairOf(text: string): RawRange | null {
  try {
    const read: unknown = JSON.parse(text);
    const { from, to } = (typeof read === 'object' && read !== null ? read : {}) as { from?: unknown; to?: unknown };
    const isSide = (side: unknown): side is string | number => typeof side === 'string' || typeof side === 'number';
    return isSide(from) && isSide(to) ? { from: String(from), to: String(to) } : null;
  } catch {
    const sides = text.split(/\s+to\s+/);
    return sides.length === 2 ? { from: sides[0]!, to: sides[1]! } : null;
  }
}

/** The range that a text says: Grafana's JSON, or two times with `to` between. */
export function rangeOfText(text: string, now: number, zone: string, calendar: Calendar = {}): { raw: RawRange; error?: undefined } | { raw?: undefined; error: string } {
  const trimmed = text.trim();
  const pair = trimmed.length > longest ? null : pairOf(trimmed);
  if (pair === null) return { error: 'It is no range of time: such are {"from":"now-1h","to":"now"} and now-1h to now' };
  const { span, error } = rangeOf(pair, now, zone, calendar);
  if (span === undefined) return { error };
  const side = (written: string, ms: number) => (isRelative(written) ? written.trim() : String(Math.round(ms)));
  return { raw: { from: side(pair.from, span.from), to: side(pair.to, span.to) } };
}
