/** Order, names and choice of columns. */

import type { Field } from '../frame';
import type { JsonObject } from '../model';
import { isObject, textOf } from '../display/matchers';
import { patternOf } from '../display';
import type { Transform } from './frames';
import { Names, renamed, withFields } from './frames';

const table = (options: JsonObject, key: string): JsonObject => (isObject(options[key]) ? options[key] : {});
const own = (of: JsonObject, name: string): unknown => (Object.hasOwn(of, name) ? of[name] : undefined);

/** Columns by their numbers; those without one stand behind. */
function ordered(fields: { field: Field; name: string }[], places: JsonObject): void {
  if (Object.keys(places).length === 0) return;
  const place = (name: string) => {
    const at = own(places, name);
    return typeof at === 'number' ? at : Number.MAX_SAFE_INTEGER;
  };
  fields.sort((one, other) => place(one.name) - place(other.name));
}

const naturally = new Intl.Collator('en', { numeric: true });

/** Columns by name or by a label, as Grafana's automatic order. */
function orderedBy(fields: { field: Field; name: string }[], rules: unknown): void {
  const read = (Array.isArray(rules) ? rules : []).filter(isObject);
  if (read.length === 0) return;
  fields.sort((one, other) => {
    for (const rule of read) {
      const label = textOf(rule.labelName);
      const text = ({ field, name }: { field: Field; name: string }) => (rule.type === 'label' ? (field.labels?.[label] ?? '') : name);
      const sign = naturally.compare(text(one), text(other));
      if (sign !== 0) return rule.desc === true ? -sign : sign;
    }
    return 0;
  });
}

export const organize: Transform = (frames, options, { interpolate }) => {
  const names = new Names(frames);
  const [excluded, included, newNames] = [table(options, 'excludeByName'), table(options, 'includeByName'), table(options, 'renameByName')];
  const onlyIncluded = Object.values(included).some((value) => value === true);
  return frames.map((frame) => {
    const fields = frame.fields.map((field) => ({ field, name: names.of(field, frame) }));
    if (options.orderByMode === 'auto') orderedBy(fields, options.orderBy);
    else ordered(fields, table(options, 'indexByName'));
    const kept = fields.filter(({ name }) => own(excluded, name) !== true && (!onlyIncluded || own(included, name) === true));
    return withFields(
      frame,
      kept.map(({ field, name }) => {
        const to = textOf(own(newNames, name));
        return to === '' ? field : renamed(field, interpolate(to));
      }),
    );
  });
};

/** Replaces what a regular expression finds in names; `$1` stands for a group. */
export const renameByRegex: Transform = (frames, options, { interpolate, problem }) => {
  const text = interpolate(textOf(options.regex));
  if (text === '') return frames;
  const regex = patternOf(text, problem);
  if (!regex) return frames;
  const names = new Names(frames);
  const to = interpolate(textOf(options.renamePattern));
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const name = names.of(field, frame);
      const changed = name.replace(regex, to);
      return changed === name ? field : renamed(field, changed);
    }),
  }));
};
