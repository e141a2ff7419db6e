/** What a field is called in legends and headings. */

import type { Field, Frame } from '../frame';

/** The name that a series' numbers have when nobody gave one. */
const valueName = 'Value';

/** `{job="api", zone="a"}`. */
export function labelsText(labels: Record<string, string>): string {
  const pairs = Object.keys(labels).sort().map((name) => `${name}="${labels[name]}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(', ')}}`;
}

/** The one label that all fields have, when they have no other. */
function onlyLabel(frames: Frame[]): string | null {
  let single: string | null = null;
  for (const frame of frames) {
    for (const field of frame.fields) {
      if (!field.labels) continue;
      const names = Object.keys(field.labels);
      if (names.length === 0) continue;
      if (names.length > 1 || (single !== null && single !== names[0])) return null;
      single = names[0]!;
    }
  }
  return single;
}

/** Names fields of one answer: what is the same for all of them is worked out once. */
export class Namer {
  private readonly single: string | null;

  constructor(frames: Frame[]) {
    this.single = onlyLabel(frames);
  }

  /** By the dashboard's name, else the query's legend, else what tells the field from others. */
  name(field: Field, frame: Frame): string {
    const { displayName, displayNameFromDS } = field.config;
    if (displayName) return displayName;
    if (displayNameFromDS) return displayNameFromDS;
    if (field.type === 'time' && !field.labels) return field.name || 'Time';
    const parts: string[] = [];
    if (frame.name) parts.push(frame.name);
    if (field.name && field.name !== valueName) parts.push(field.name);
    if (field.labels) {
      const one = this.single === null ? undefined : field.labels[this.single];
      const said = this.single === null ? labelsText(field.labels) : one;
      if (said) parts.push(said);
    }
    const name = parts.join(' ') || field.name || valueName;
    return name === field.name ? numbered(field, frame) : name;
  }
}

/** Fields that share a name within a frame are counted: `Value 1`, `Value 2`. */
function numbered(field: Field, frame: Frame): string {
  let at = 0;
  let all = 0;
  for (const other of frame.fields) {
    if (other.name !== field.name || other.type !== field.type) continue;
    all += 1;
    if (other === field) at = all;
  }
  return all > 1 && at > 0 ? `${field.name} ${at}` : field.name || valueName;
}
