/** What a panel of logs lists: the lines of its frames, in their order, without those that repeat the one before. */

import type { Entry } from '../../../logs/entries';
import { mark } from '../../../logs/entries';
import type { Level } from '../../../logs/levels';
import { levelOf } from '../../../logs/levels';
import type { Field, Frame } from '../../frame';

type Labels = Record<string, string>;

export interface LogLine extends Entry {
  labels: Labels;
  /** Lines after it that were left out since they say the same. */
  repeated: number;
  /** The query that found it, as it was asked. */
  query: string;
}

export type Dedup = 'none' | 'exact' | 'numbers' | 'signature';

const levelNames = ['detected_level', 'level', 'lvl', 'loglevel', 'severity', 'severity_text'];
/** What programs write for the levels that this page knows. */
const otherLevels: Record<string, Level> = { warning: 'warn', err: 'error', eror: 'error', alert: 'critical', crit: 'critical', emerg: 'fatal', emergency: 'fatal', panic: 'fatal', information: 'info', informational: 'info', notice: 'info', dbug: 'debug' };

function levelIn(labels: Labels): Level {
  for (const name of levelNames) {
    const text = labels[name]?.toLowerCase();
    if (text === undefined) continue;
    const level = otherLevels[text] ?? levelOf(text);
    if (level !== 'unknown') return level;
  }
  return 'unknown';
}

const asLabels = (value: unknown): Labels => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)])) : {});

const named = (frame: Frame, names: string[]): Field | undefined => names.flatMap((name) => frame.fields.find((field) => field.name.toLowerCase() === name) ?? [])[0];

/** The moment of a row in nanoseconds: as it was sent, else from the milliseconds. */
function nanosecondsOf(time: Field | undefined, sent: Field | undefined, row: number): bigint {
  const text = sent?.values[row];
  if (typeof text === 'string' && /^\d{1,20}$/.test(text)) return BigInt(text);
  const milliseconds = time?.values[row];
  if (typeof milliseconds !== 'number' || !Number.isFinite(milliseconds)) return 0n;
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(time?.nanos?.[row] ?? Math.round((milliseconds - whole) * 1e6));
}

function linesOfFrame(frame: Frame): LogLine[] {
  const time = frame.fields.find(({ type }) => type === 'time');
  const text = named(frame, ['line', 'body', 'message']) ?? frame.fields.find(({ type, name }) => type === 'string' && name !== 'tsNs' && name !== 'id');
  if (!text) return [];
  const labels = named(frame, ['labels']);
  const types = named(frame, ['labeltypes']);
  const sent = frame.fields.find(({ name }) => name === 'tsNs');
  const ids = frame.fields.find(({ name }) => name === 'id');
  // A table that was made of logs has its labels as columns.
  const columns = labels ? [] : frame.fields.filter((field) => field !== text && field !== time && field !== sent && field !== ids && (field.type === 'string' || field.type === 'number' || field.type === 'boolean'));
  return Array.from({ length: frame.length }, (_, row): LogLine => {
    const own = labels ? asLabels(labels.values[row]) : { ...asLabels(text.labels), ...Object.fromEntries(columns.flatMap((field) => (field.values[row] == null ? [] : [[field.displayName ?? field.name, String(field.values[row])]]))) };
    const kinds = asLabels(types?.values[row]);
    const parts: Record<'stream' | 'metadata' | 'parsed', Labels> = { stream: {}, metadata: {}, parsed: {} };
    for (const [name, value] of Object.entries(own)) parts[kinds[name] === 'S' ? 'metadata' : kinds[name] === 'P' ? 'parsed' : 'stream'][name] = value;
    const line = String(text.values[row] ?? '');
    const at = nanosecondsOf(time, sent, row);
    // The key is part of links to the line: a moment and a mark.
    const key = typeof ids?.values[row] === 'string' ? ids.values[row].replaceAll('_', '-') : `${at}-${mark(`${JSON.stringify(own)}${line}`)}`;
    return { key, time: at, line, level: levelIn(own), labels: own, ...parts, repeated: 0, query: frame.meta?.query ?? '' };
  });
}

/** Lines of all frames, newest first or oldest first; lines of one moment keep their order. */
export function linesOf(frames: Frame[], order: 'backward' | 'forward'): LogLine[] {
  const lines = frames.flatMap(linesOfFrame);
  const sign = order === 'backward' ? -1 : 1;
  lines.sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? -sign : sign));
  const seen = new Map<string, number>();
  for (const each of lines) {
    const count = seen.get(each.key) ?? 0;
    seen.set(each.key, count + 1);
    if (count > 0) each.key = `${each.key}-${count}`;
  }
  return lines;
}

/** What of a line counts when it is compared with the one before. */
const compared: Record<Exclude<Dedup, 'none'>, (line: string) => string> = {
  exact: (line) => line.replace(/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?/g, ''),
  numbers: (line) => line.replace(/\d/g, ''),
  signature: (line) => line.replace(/\w/g, ''),
};

/** Without lines that repeat the one before them; how many there were is told by the one that stays. */
export function deduplicated(lines: LogLine[], by: Dedup): LogLine[] {
  if (by === 'none') return lines;
  const kept: LogLine[] = [];
  let before: string | undefined;
  for (const each of lines) {
    const text = compared[by](each.line);
    const last = kept.at(-1);
    if (last && text === before) last.repeated += 1;
    else kept.push({ ...each });
    before = text;
  }
  return kept;
}

/** Labels that Phoenix or Loki add for their own use. */
const ownLabels = new Set(['__error__', '__error_details__', '__stream_shard__']);

/** Labels that all lines share with the same value. */
export function commonLabels(lines: LogLine[]): Labels {
  const [first, ...rest] = lines;
  if (!first) return {};
  const common = new Map(Object.entries(first.labels).filter(([name]) => !ownLabels.has(name)));
  for (const { labels } of rest) {
    for (const [name, value] of common) if (labels[name] !== value) common.delete(name);
    if (common.size === 0) break;
  }
  return Object.fromEntries(common);
}

/** Labels of a line that not all others have too. */
export const ownLabelsOf = (line: LogLine, common: Labels): Labels => Object.fromEntries(Object.entries(line.labels).filter(([name, value]) => common[name] !== value && !ownLabels.has(name)));
