import type { LogStream } from '../api/loki';
import type { Level } from './levels';
import { levelOf } from './levels';

type Labels = Record<string, string>;

/** One line with all that is known of it. */
export interface Entry {
  /** The same for the same entry in every answer; part of links to it. */
  key: string;
  /** Nanoseconds since 1970. */
  time: bigint;
  line: string;
  level: Level;
  stream: Labels;
  metadata: Labels;
  parsed: Labels;
}

/** A short mark of a text: FNV-1a, 32 bits. */
export function mark(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

const shown = (labels: Labels) =>
  Object.keys(labels)
    .sort()
    .map((name) => `${name}\u0000${labels[name]}`)
    .join('\u0001');

/** Lays streams out as lines, newest first or oldest first; lines of the same moment keep the server's order. */
export function entriesOf(streams: LogStream[], order: 'backward' | 'forward'): Entry[] {
  const entries: Entry[] = [];
  const seen = new Map<string, number>();
  for (const { stream, values } of streams) {
    const streamText = shown(stream);
    for (const [time, line, labels] of values) {
      const metadata = labels?.structuredMetadata ?? {};
      const parsed = labels?.parsed ?? {};
      const base = `${time}-${mark(`${streamText}\u0002${line}`)}`;
      const count = seen.get(base) ?? 0;
      seen.set(base, count + 1);
      entries.push({
        key: count === 0 ? base : `${base}-${count}`,
        time: BigInt(time),
        line,
        level: levelOf(metadata.detected_level ?? stream.detected_level ?? parsed.detected_level ?? parsed.level),
        stream,
        metadata,
        parsed,
      });
    }
  }
  const sign = order === 'backward' ? -1 : 1;
  return entries.sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? -sign : sign));
}

/** Puts a further page behind what is there, without repeating entries that both hold. */
export function joined(before: Entry[], next: Entry[]): Entry[] {
  const known = new Set(before.map((entry) => entry.key));
  return [...before, ...next.filter((entry) => !known.has(entry.key))];
}

/** All labels of an entry by name: what its stream, its metadata and the query's parsers give. */
export const allLabels = (entry: Entry): Labels => ({ ...entry.stream, ...entry.metadata, ...entry.parsed });

/** A line that is JSON, laid out; `null` for others. */
export function prettyJson(line: string): string | null {
  const text = line.trim();
  if (!text.startsWith('{') && !text.startsWith('[')) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}
