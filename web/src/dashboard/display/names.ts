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
  private readonly counts = new Map<Frame, Map<string, Count>>();

  constructor(frames: Frame[]) {
    this.single = onlyLabel(frames);
  }

  /** By the dashboard's name, else the query's legend, else what tells the field from others. */
  name(field: Field, frame: Frame): string {
    const { displayName, displayNameFromDS } = field.config;
    if (displayName) return displayName;
    if (displayNameFromDS) return displayNameFromDS;
    if (field.type === 'time' && !field.labels) return field.name ? this.numbered(field, frame) : 'Time';
    const parts: string[] = [];
    if (frame.name) parts.push(frame.name);
    if (field.name && field.name !== valueName) parts.push(field.name);
    if (field.labels) {
      const one = this.single === null ? undefined : field.labels[this.single];
      const said = this.single === null ? labelsText(field.labels) : one;
      if (said) parts.push(said);
    }
    const name = parts.join(' ') || field.name || valueName;
    return name === field.name ? this.numbered(field, frame) : name;
  }

  /** Fields that share a name within a frame are counted: `Value 1`, `Value 2`. */
  private numbered(field: Field, frame: Frame): string {
    let counts = this.counts.get(frame);
    if (!counts) this.counts.set(frame, (counts = counted(frame)));
    const count = counts.get(`${field.type} ${field.name}`);
    const at = count?.at.get(field);
    return count && at !== undefined && count.all > 1 ? `${field.name} ${at}` : field.name || valueName;
  }
}

/** The fields of one name and type within a frame, counted. */
interface Count {
  all: number;
  /** The number of each, from 1 on. */
  at: Map<Field, number>;
}

function counted(frame: Frame): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const field of frame.fields) {
    const key = `${field.type} ${field.name}`;
    let count = counts.get(key);
    if (!count) counts.set(key, (count = { all: 0, at: new Map() }));
    count.all += 1;
    count.at.set(field, count.all);
  }
  return counts;
}

/** What `${__field.name}`, `${__field.labels.job}`, `${__series.name}` and their like stand for; `name` is what the field is called. */
export function fieldVariables(frame: Frame, field: Field, name: string): Record<string, string> {
  const labels = field.labels ?? {};
  const known: Record<string, string> = {
    '__series.name': frame.name || name,
    '__frame.name': frame.name ?? '',
    '__field.name': field.name,
    '__field.displayName': name,
    '__field.labels': labelsText(labels),
  };
  for (const [label, each] of Object.entries(labels)) known[`__field.labels.${label}`] = each;
  return known;
}
