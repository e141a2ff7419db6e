import { exactTime } from '../format/time';
import { saveFile } from '../parts/save-file';
import type { Entry } from './entries';
import { allLabels } from './entries';

export const formats = ['txt', 'json', 'csv'] as const;
export type Format = (typeof formats)[number];

/** A time with all nine digits of its second, in UTC. */
export function rfc3339Nano(time: bigint): string {
  const seconds = time / 1_000_000_000n;
  const rest = String(time % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}

const cell = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);

/** Entries as a file: lines as they are, JSON lines with labels, or a table with a column for each label. */
export function asFile(entries: Entry[], format: Format): string {
  if (format === 'txt') return entries.map((entry) => `${rfc3339Nano(entry.time)} ${entry.line}\n`).join('');
  if (format === 'json') {
    return entries.map((entry) => `${JSON.stringify({ timestamp: rfc3339Nano(entry.time), line: entry.line, labels: allLabels(entry) })}\n`).join('');
  }
  const names = [...new Set(entries.flatMap((entry) => Object.keys(allLabels(entry))))].sort();
  const head = ['timestamp', 'line', ...names].map(cell).join(',');
  const rows = entries.map((entry) => {
    const labels = allLabels(entry);
    return [rfc3339Nano(entry.time), entry.line, ...names.map((name) => labels[name] ?? '')].map(cell).join(',');
  });
  return [head, ...rows].map((row) => `${row}\r\n`).join('');
}

const kinds: Record<Format, string> = { txt: 'text/plain', json: 'application/x-ndjson', csv: 'text/csv' };

/** Hands the file to the browser. */
export function download(entries: Entry[], format: Format) {
  saveFile(`logs ${exactTime(new Date()).replace(/[:/]/g, '-')}.${format}`, asFile(entries, format), kinds[format]);
}
