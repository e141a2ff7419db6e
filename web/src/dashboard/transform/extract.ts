/** Columns out of text: JSON, `key=value` pairs, patterns, separated lists. */

import type { Field, Frame } from '../frame';
import type { JsonObject } from '../model';
import { isObject, textOf } from '../display/matchers';
import { patternOf } from '../display';
import type { Run, Transform } from './frames';
import { column, mostColumns, Names, timeField, typeOf, withFields } from './frames';

type Parts = Record<string, unknown>;
type Parse = (value: unknown) => Parts | undefined;

/** What a JSON text, or what is already no text, holds by name; a list's items by number. */
function json(value: unknown): Parts | undefined {
  if (typeof value !== 'string') return typeof value === 'object' && value !== null ? (value as Parts) : undefined;
  try {
    const read: unknown = JSON.parse(value);
    return typeof read === 'object' && read !== null ? (read as Parts) : undefined;
  } catch {
    return undefined;
  }
}

const pair = /([^\s=:,;{}"']+)\s*[=:]\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;&}]*))/g;
const numeric = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/;

/** `a=1, b="two words"`; what looks like a number is one. */
function pairs(value: unknown): Parts | undefined {
  if (typeof value !== 'string') return undefined;
  const parts: Parts = Object.create(null) as Parts;
  for (const [, name, double, single, bare] of value.matchAll(pair)) {
    const text = double?.replace(/\\(.)/g, '$1') ?? single ?? bare ?? '';
    parts[name!] = double === undefined && single === undefined && numeric.test(text) ? Number(text) : text;
  }
  return parts;
}

const auto: Parse = (value) => json(value) ?? pairs(value);

/** Named groups; numbered ones when there are none with a name. */
function byPattern(text: string, problem: (what: string) => void): Parse | undefined {
  if (text === '') {
    problem('it has no regular expression');
    return undefined;
  }
  const regex = patternOf(text, problem);
  if (!regex) return undefined;
  return (value) => {
    if (typeof value !== 'string') return undefined;
    regex.lastIndex = 0;
    const match = regex.exec(value);
    if (!match) return undefined;
    return match.groups ? { ...match.groups } : Object.fromEntries(match.slice(1).map((group, at) => [`Group ${at + 1}`, group]));
  };
}

/** Each item of a list as a column of its own that says whether it is there. */
function byDelimiter(delimiter: string): Parse {
  return (value) => (typeof value === 'string' ? Object.fromEntries(value.split(delimiter).map((item) => [item.trim(), true])) : undefined);
}

function parser(options: JsonObject, run: Run): Parse | undefined {
  const format = textOf(options.format) || 'auto';
  switch (format) {
    case 'json':
      return json;
    case 'kvp':
      return pairs;
    case 'auto':
      return auto;
    case 'regexp':
      return byPattern(textOf(options.regExp), run.problem);
    case 'delimiter':
      return byDelimiter(textOf(options.delimiter) || ',');
    default:
      run.problem(`the format ${JSON.stringify(format)} is not known`);
      return undefined;
  }
}

/** Where a path such as `a.b[0]` leads; a name with dots in it goes before. */
function atPath(value: unknown, path: string): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, path)) return (value as Parts)[path];
  let here = value;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Parts)[step];
  }
  return here;
}

interface Wanted {
  path: string;
  alias: string;
}

const wanted = (options: JsonObject): Wanted[] =>
  (Array.isArray(options.jsonPaths) ? options.jsonPaths : []).filter(isObject).map((one) => ({ path: textOf(one.path), alias: textOf(one.alias) })).filter(({ path }) => path !== '');

function extracted(source: Field, frame: Frame, parse: Parse, paths: Wanted[], run: Run): Field[] {
  const columns = new Map<string, unknown[]>();
  const put = (name: string, row: number, value: unknown) => {
    let values = columns.get(name);
    if (!values) {
      if (columns.size >= mostColumns) {
        run.problem(`more than ${mostColumns} fields are in it; the rest is left out`);
        return;
      }
      columns.set(name, (values = new Array<unknown>(frame.length).fill(null)));
    }
    values[row] = value ?? null;
  };
  for (const { path, alias } of paths) columns.set(alias || path, new Array<unknown>(frame.length).fill(null));
  for (const [row, value] of source.values.entries()) {
    const parts = parse(value);
    if (!parts) continue;
    if (paths.length > 0) for (const { path, alias } of paths) put(alias || path, row, atPath(parts, path));
    else for (const name of Object.keys(parts)) put(name, row, parts[name]);
  }
  return [...columns].map(([name, values]) => column(name, typeOf(values), values));
}

/** Of a logs' or table's column that holds labels, each label; else what the format finds in each value. */
export const extractFields: Transform = (frames, options, run) => {
  const sourceName = textOf(options.source);
  const parse = parser(options, run);
  if (!parse || sourceName === '') return frames;
  const names = new Names(frames);
  const paths = options.format === 'json' || options.format === undefined || options.format === 'auto' ? wanted(options) : [];
  return frames.map((frame) => {
    const source = names.find(frame, sourceName);
    if (!source) return frame;
    const made = extracted(source, frame, parse, paths, run);
    if (options.replace !== true) return withFields(frame, [...frame.fields, ...made]);
    const time = options.keepTime === true ? timeField(frame) : undefined;
    return { ...withFields(frame, time ? [time, ...made] : made), length: frame.length };
  });
};
