/** Defaults and overrides of a panel, put into the fields of its frames. */

import type { Field, Frame } from '../frame';
import type { ScopedVars } from '../panel';
import type { FieldConfig, Json, JsonObject, Panel } from '../model';
import { defaultColorMode, isColorMode } from './color-mode';
import type { DisplayContext } from './display';
import { displayOf } from './display';
import type { FieldMatch, Matcher } from './matchers';
import { fieldMatch, isObject } from './matchers';
import { fieldVariables, Namer } from './names';
import { extent } from './reduce';
import { tidied } from './tidy';

export interface FieldConfigContext extends DisplayContext {
  interpolate: (text: string, scoped?: ScopedVars, format?: string) => string;
  /** Decides the mode of colours where the dashboard names none. */
  panelType?: string;
  /** Gathers what is not honoured. */
  problems?: string[];
}

const properties = new Set([
  'displayName', 'displayNameFromDS', 'description', 'unit', 'decimals', 'min', 'max', 'fieldMinMax', 'nullValueMode', 'noValue', 'thresholds', 'mappings', 'color', 'links', 'actions', 'filterable',
]);
/** Names that would reach into what every object has. */
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

interface Rule {
  matches: FieldMatch;
  properties: { path: string[]; value: Json | undefined }[];
}

function rules(overrides: unknown, problem: (what: string) => void): Rule[] {
  if (!Array.isArray(overrides)) return [];
  return (overrides as unknown[]).flatMap((override, at): Rule[] => {
    const say = (what: string) => problem(`override ${at + 1}: ${what}`);
    if (!isObject(override) || !isObject(override.matcher)) {
      say('it has no matcher');
      return [];
    }
    const read: Rule = { matches: fieldMatch(override.matcher as unknown as Matcher, say), properties: [] };
    for (const property of Array.isArray(override.properties) ? override.properties : []) {
      if (!isObject(property) || typeof property.id !== 'string') continue;
      const { id, value } = property;
      const path = id.split('.');
      const isCustom = path[0] === 'custom' && path.length > 1;
      if ((!isCustom && !(path.length === 1 && properties.has(id))) || path.some((part) => forbidden.has(part))) say(`the property ${JSON.stringify(id)} is not known`);
      else read.properties.push({ path, value: isCustom ? value : (tidied(id, value, say) as Json | undefined) });
    }
    return [read];
  });
}

/** Sets what a path leads to, in copies of the objects on the way; `null` takes it away. */
function set(target: JsonObject, path: string[], value: Json | undefined): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    if (value == null) delete target[first];
    else target[first] = value;
    return;
  }
  const inner = target[first];
  const copy: JsonObject = isObject(inner) ? { ...inner } : {};
  target[first] = copy;
  set(copy, rest, value);
}

/** The config that came with the data, and what the panel says where that says nothing. */
function withDefaults(own: FieldConfig, defaults: FieldConfig): FieldConfig {
  const config: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(own)) if (value != null) config[key] = value;
  if (own.custom && defaults.custom) config.custom = { ...defaults.custom, ...own.custom };
  return config as FieldConfig;
}

const macro = /\$\{__(field|series|frame)\.([^}:]+)(?::[^}]*)?\}/g;

/** `${__field.labels.x}` and `${__series.name}` are the field's; what stands around them is of the dashboard. */
function named(text: string, field: Field, frame: Frame, ownName: string, interpolate: FieldConfigContext['interpolate']): string {
  let written = '';
  let from = 0;
  for (const match of text.matchAll(macro)) {
    written += interpolate(text.slice(from, match.index)) + macroValue(match[1]!, match[2]!.trim(), field, frame, ownName);
    from = match.index + match[0].length;
  }
  return written + interpolate(text.slice(from));
}

function macroValue(of: string, path: string, field: Field, frame: Frame, ownName: string): string {
  const name = `__${of}.${path.replace(/^labels\[["']?(.+?)["']?\]$/, 'labels.$1')}`;
  const known = fieldVariables(frame, field, ownName);
  return Object.hasOwn(known, name) ? known[name]! : '';
}

/** Units that are a share of something have that as their range. */
const impliedMax: Record<string, number> = { percent: 100, percentunit: 1 };

/** The least and greatest of all numbers, worked out once for all fields that ask. */
function shared(frames: Frame[]): () => [number, number] | undefined {
  let known: { range: [number, number] | undefined } | undefined;
  return () => {
    if (known) return known.range;
    let [min, max] = [Infinity, -Infinity];
    for (const { fields } of frames) {
      for (const field of fields) {
        const own = field.type === 'number' ? extent(field) : undefined;
        if (!own) continue;
        if (own[0] < min) min = own[0];
        if (own[1] > max) max = own[1];
      }
    }
    known = { range: min <= max ? [min, max] : undefined };
    return known.range;
  };
}

function rangeOf(field: Field, all: () => [number, number] | undefined): () => { min: number; max: number } {
  let known: { min: number; max: number } | undefined;
  return () => {
    if (known) return known;
    const { min, max, unit = '', fieldMinMax } = field.config;
    if (min != null && max != null) known = { min, max };
    else if (field.type !== 'number') known = { min: min ?? 0, max: max ?? 100 };
    else {
      const implied = Object.hasOwn(impliedMax, unit) ? impliedMax[unit] : undefined;
      const found = implied !== undefined && !fieldMinMax ? [0, implied] : ((fieldMinMax ? extent(field) : all()) ?? [0, 100]);
      known = { min: min ?? found[0]!, max: max ?? found[1]! };
    }
    return known;
  };
}

/** The lesser limit first. */
function inOrder(config: FieldConfig): void {
  if (config.min != null && config.max != null && config.min > config.max) [config.min, config.max] = [config.max, config.min];
}

/** The panel's defaults, each option in its form. */
function readDefaults(given: Panel['fieldConfig'], panelType: string | undefined, problem: (what: string) => void): FieldConfig & JsonObject {
  const defaults: JsonObject = {};
  for (const [key, value] of Object.entries(isObject(given?.defaults) ? given.defaults : {})) {
    const made = tidied(key, value, problem) as Json | undefined;
    if (made !== undefined) defaults[key] = made;
  }
  const read = defaults as FieldConfig & JsonObject;
  if (!read.color?.mode && panelType !== undefined) read.color = { ...read.color, mode: defaultColorMode(panelType) };
  return read;
}

/**
 * Frames whose fields carry their config (the data's own, the panel's defaults, overrides in their order), their name,
 * their number among the series, their range and how to show a value. Values are the same arrays; nothing given is changed.
 */
export function applyFieldConfig(frames: Frame[], fieldConfig: Panel['fieldConfig'], context: FieldConfigContext): Frame[] {
  const said = new Set<string>();
  const problem = (what: string) => {
    if (!said.has(what)) context.problems?.push(what);
    said.add(what);
  };
  const defaults = readDefaults(fieldConfig, context.panelType, problem);
  const overrides = rules(fieldConfig?.overrides, problem);
  const ownNames = new Namer(frames);

  const made = frames.map((frame): Frame => {
    const copy: Frame = { ...frame, fields: frame.fields.map((field) => ({ ...field, config: withDefaults(field.config ?? {}, defaults) })) };
    for (const [at, field] of copy.fields.entries()) {
      const original = frame.fields[at]!;
      const { displayName } = field.config;
      if (displayName && displayName !== original.config?.displayName) {
        field.config.displayName = named(displayName, field, copy, ownNames.name(original, frame), context.interpolate);
      }
    }
    return copy;
  });

  const namer = new Namer(made);
  let seriesIndex = 0;
  for (const frame of made) {
    const names = frame.fields.map((field) => namer.name(field, frame));
    for (const [at, field] of frame.fields.entries()) {
      const name = names[at]!;
      for (const rule of overrides) {
        if (!rule.matches(field, frame, name)) continue;
        for (const { path, value } of rule.properties) {
          set(field.config as JsonObject, path, path[0] === 'displayName' && typeof value === 'string' ? named(value, field, frame, name, context.interpolate) : value);
        }
      }
      inOrder(field.config);
      const mode = field.config.color?.mode;
      if (mode !== undefined && !isColorMode(mode)) problem(`the colour mode ${JSON.stringify(mode)} is not known; colours go by thresholds`);
      if (field.type === 'number' || field.type === 'boolean') {
        field.seriesIndex = seriesIndex;
        seriesIndex += 1;
      }
    }
  }

  // Names once more: an override may have given one, and what two fields shared may be told apart now.
  const all = shared(made);
  const finalNamer = new Namer(made);
  for (const frame of made) {
    const names = frame.fields.map((field) => finalNamer.name(field, frame));
    for (const [at, field] of frame.fields.entries()) {
      field.displayName = names[at]!;
      field.range = rangeOf(field, all);
      field.display = displayOf(field, context);
    }
  }
  return made;
}
