/** Variables of one value, for names and links: its field, its row, its labels. */

import { displayText, fieldVariables, plainText } from '../display';
import type { Field, Frame } from '../frame';
import type { ScopedVars } from '../panel';

/** Fields of a row that links can name. */
const mostFields = 200;

const shown = (field: Field, value: unknown): string => (field.display ? displayText(field.display(value)) : plainText(value));
const raw = (value: unknown): string => (value == null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

/**
 * What `${__field.name}`, `${__value.raw}`, `${__data.fields.pod}` and their like stand for.
 * Without a row, the value is `given`: what the field was reduced to, or what stands at the time `at`.
 */
export function scopedOf(frame: Frame, field: Field, row?: number, given?: unknown, at?: number): ScopedVars {
  const value = row === undefined ? given : field.values[row];
  const scoped: ScopedVars = {};
  const set = (name: string, text: string, plain = text) => {
    scoped[name] = { text, value: plain };
  };
  set('__data.refId', frame.refId);
  for (const [name, each] of Object.entries(fieldVariables(frame, field, field.displayName ?? field.name))) set(name, each);
  const text = shown(field, value);
  set('__value', text, raw(value));
  set('__value.raw', raw(value));
  set('__value.text', text);
  set('__value.numeric', raw(typeof value === 'number' ? value : Number(value)));
  const time = frame.fields.find(({ type }) => type === 'time');
  if (at !== undefined) set('__value.time', String(at));
  else if (time && row !== undefined) set('__value.time', raw(time.values[row]));
  if (row === undefined) return scoped;
  frame.fields.slice(0, mostFields).forEach((other, index) => {
    const each = other.values[row];
    const [plain, written] = [raw(each), shown(other, each)];
    const called = new Set([other.name, other.displayName ?? other.name]);
    for (const place of [`__data.fields.${index}`, ...[...called].map((one) => `__data.fields.${one}`)]) {
      set(`${place}.text`, written);
      set(`${place}.numeric`, raw(typeof each === 'number' ? each : Number(each)));
      scoped[place] = { text: written, value: plain };
    }
    set(`__cell_${index}`, written, plain);
  });
  return scoped;
}
