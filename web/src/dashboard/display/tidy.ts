/** Options of fields as dashboards write them, brought into the form that the rest relies on. */

import type { DataLink, FieldConfig, MappingResult, Thresholds, ThresholdStep, ValueMapping } from '../model';
import { isObject } from './matchers';
import { patternOf } from './pattern';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined);
const flag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

/** Hand-made dashboards write numbers as text, too. */
function number(value: unknown): number | undefined {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
}

function thresholds(value: unknown): Thresholds | undefined {
  if (!isObject(value) || !Array.isArray(value.steps)) return undefined;
  const steps = value.steps.filter(isObject).flatMap((step): ThresholdStep[] => {
    const color = text(step.color) ?? 'text';
    if (step.value == null || step.value === '') return [{ value: null, color }];
    const from = number(step.value);
    return from === undefined ? [] : [{ value: from, color }];
  });
  return { mode: value.mode === 'percentage' ? 'percentage' : 'absolute', steps };
}

function result(value: unknown): MappingResult | undefined {
  if (!isObject(value)) return undefined;
  return { text: text(value.text), color: text(value.color), icon: text(value.icon), index: number(value.index) };
}

function mapping(value: unknown): ValueMapping | undefined {
  if (!isObject(value) || !isObject(value.options)) return undefined;
  const { options } = value;
  if (value.type === 'value') {
    return { type: 'value', options: Object.fromEntries(Object.entries(options).flatMap(([key, given]) => (result(given) ? [[key, result(given)!]] : []))) };
  }
  const made = result(options.result);
  if (!made) return undefined;
  switch (value.type) {
    case 'range':
      return { type: 'range', options: { from: number(options.from) ?? null, to: number(options.to) ?? null, result: made } };
    case 'regex':
      return typeof options.pattern === 'string' ? { type: 'regex', options: { pattern: options.pattern, result: made } } : undefined;
    case 'special':
      return typeof options.match === 'string' ? { type: 'special', options: { match: options.match as 'null', result: made } } : undefined;
    default:
      return undefined;
  }
}

function color(value: unknown): FieldConfig['color'] | undefined {
  if (!isObject(value) || typeof value.mode !== 'string') return undefined;
  const seriesBy = value.seriesBy === 'min' || value.seriesBy === 'max' ? value.seriesBy : 'last';
  return { mode: value.mode, fixedColor: text(value.fixedColor), seriesBy };
}

const links = (value: unknown): DataLink[] | undefined =>
  Array.isArray(value) ? (value as unknown[]).filter(isObject).map((link) => ({ ...link, title: text(link.title) ?? '', url: text(link.url) ?? '' })) : undefined;

/** By the option's name: what it is read as, `undefined` when it cannot be. */
const readers: Record<string, (value: unknown) => unknown> = {
  displayName: text,
  displayNameFromDS: text,
  description: text,
  unit: text,
  noValue: text,
  nullValueMode: text,
  decimals: number,
  min: number,
  max: number,
  fieldMinMax: flag,
  filterable: flag,
  thresholds,
  color,
  links,
  custom: (value) => (isObject(value) ? value : undefined),
};

/** Mappings that cannot be read are left out and told, the others act. */
function mappings(value: unknown, problem: (what: string) => void): ValueMapping[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as unknown[]).flatMap((one, at) => {
    const made = mapping(one);
    if (!made) problem(`the mapping of values ${at + 1} cannot be read`);
    else if (made.type === 'regex') patternOf(made.options.pattern, (what) => problem(`the mapping of values ${at + 1}: ${what}`));
    return made ?? [];
  });
}

/** An option in its form; `undefined`, and a problem, when it cannot be read. `null` stands for none. */
export function tidied(id: string, value: unknown, problem: (what: string) => void): unknown {
  if (value == null) return undefined;
  const made = id === 'mappings' ? mappings(value, problem) : Object.hasOwn(readers, id) ? readers[id]!(value) : value;
  // An empty text is how editors write "none".
  if (made === undefined && value !== '') problem(`the value of ${id} cannot be read`);
  return made;
}
