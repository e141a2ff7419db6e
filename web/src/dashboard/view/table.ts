import type { Field, Frame } from '../frame';

/** Columns of equal length, as the inspector shows and downloads them. */
export interface Table {
  name: string;
  columns: { name: string; field: Field }[];
  length: number;
}

const nameOf = (field: Field) => field.displayName ?? field.name;

/** Each frame as a table; frames that begin with a time can also be had joined by it, as the first table. */
export function tablesOf(frames: readonly Frame[]): Table[] {
  const single = frames.map((frame, index) => ({
    name: frame.name || frame.fields.filter(({ type }) => type === 'number').map(nameOf)[0] || `${frame.refId || 'Table'} ${index + 1}`,
    columns: frame.fields.map((field) => ({ name: nameOf(field), field })),
    length: frame.length,
  }));
  const joined = joinedByTime(frames);
  return joined ? [joined, ...single] : single;
}

function joinedByTime(frames: readonly Frame[]): Table | null {
  if (frames.length < 2) return null;
  const times = frames.map((frame) => frame.fields.find(({ type }) => type === 'time') as Field<number> | undefined);
  if (times.some((time) => time === undefined)) return null;
  const all = [...new Set(times.flatMap((time) => time!.values))].sort((a, b) => a - b);
  const rows = new Map(all.map((at, index) => [at, index]));
  const columns: Table['columns'] = [{ name: nameOf(times[0]!), field: { ...times[0]!, values: all } }];
  frames.forEach((frame, index) => {
    const places = times[index]!.values.map((at) => rows.get(at)!);
    for (const field of frame.fields) {
      if (field.type === 'time') continue;
      const values = new Array<unknown>(all.length).fill(null);
      for (let row = 0; row < frame.length; row += 1) values[places[row]!] = field.values[row];
      columns.push({ name: nameOf(field), field: { ...field, values } });
    }
  });
  return { name: 'All series, joined by time', columns, length: all.length };
}

/** A value as a person reads it, or as a program does: times as RFC 3339, numbers in full. */
export function cellText(field: Field, row: number, formatted: boolean): string {
  const value = field.values[row];
  if (value === null || value === undefined) return '';
  if (formatted && field.display) {
    const { prefix = '', text, suffix = '' } = field.display(value);
    return `${prefix}${text}${suffix}`;
  }
  if (field.type === 'time' && typeof value === 'number' && Number.isFinite(value)) return new Date(value).toISOString();
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const quoted = (text: string) => (/[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text);

/** A table as RFC 4180 writes it. */
export function csvOf(table: Table, formatted: boolean): string {
  const lines = [table.columns.map(({ name }) => quoted(name)).join(',')];
  for (let row = 0; row < table.length; row += 1) lines.push(table.columns.map(({ field }) => quoted(cellText(field, row, formatted))).join(','));
  return `${lines.join('\r\n')}\r\n`;
}
