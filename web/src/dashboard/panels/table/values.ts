/** Values that are more than one text: objects, lists, series in a cell. */

import type { Frame } from '../../frame';

/** An object as text; a text that is JSON, laid out the same way. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') {
    try {
      return JSON.stringify(JSON.parse(value));
    } catch {
      return value;
    }
  }
  return value === undefined ? '' : JSON.stringify(value);
}

/** Parts of a text or a list, for pills. */
export function pillsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  const text = value == null ? '' : String(value);
  if (text.trim().startsWith('[')) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list)) return list.map(String);
    } catch {
      // It only looks like a list.
    }
  }
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

/** A series that stands in a cell. */
export const frameIn = (value: unknown): Frame | undefined => (typeof value === 'object' && value !== null && Array.isArray((value as Frame).fields) ? (value as Frame) : undefined);
