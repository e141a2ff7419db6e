/** Leaves out columns, or whole frames by their query. */

import type { Json, JsonObject } from '../model';
import type { FieldMatch, Matcher } from '../display/matchers';
import { fieldMatch, isObject, textOf, textsOf } from '../display/matchers';
import { patternOf } from '../display';
import type { Frame } from '../frame';
import type { Run, Transform } from './frames';
import { Names, withFields } from './frames';

function kept(frames: Frame[], include: FieldMatch | null, exclude: FieldMatch | null): Frame[] {
  const names = new Names(frames);
  return frames.flatMap((frame) => {
    const fields = frame.fields.filter((field) => {
      const name = names.of(field, frame);
      return (include === null || include(field, frame, name)) && (exclude === null || !exclude(field, frame, name));
    });
    if (fields.length === frame.fields.length) return [frame];
    return fields.length === 0 ? [] : [withFields(frame, fields)];
  });
}

/** Names, a pattern, or a variable that holds names. */
function choice(options: JsonObject, key: string, run: Run): FieldMatch | null {
  const given = options[key];
  if (!isObject(given)) return null;
  const variable = textOf(given.variable);
  const names = options.byVariable === true && variable !== '' ? listOf(run.interpolate(variable, undefined, 'csv')) : textsOf(given.names).map((name) => run.interpolate(name));
  const pattern = options.byVariable === true ? '' : run.interpolate(textOf(given.pattern));
  if (names.length === 0 && pattern === '') return null;
  return fieldMatch({ id: 'byRegexpOrNames', options: { names, pattern } }, run.problem);
}

const listOf = (text: string) => text.replace(/^\{(.*)\}$/, '$1').split(',').map((name) => name.trim()).filter((name) => name !== '');

export const filterFieldsByName: Transform = (frames, options, run) => {
  const [include, exclude] = [choice(options, 'include', run), choice(options, 'exclude', run)];
  return include === null && exclude === null ? frames : kept(frames, include, exclude);
};

/** The general form that `filterFieldsByName` is made of: a matcher for each. */
export const filterFields: Transform = (frames, options, { problem }) => {
  const read = (given: Json | undefined) => (isObject(given) ? fieldMatch(given as unknown as Matcher, problem) : null);
  return kept(frames, read(options.include), read(options.exclude));
};

/** A query's letter, or a pattern of letters. */
function frameMatch(given: Json | undefined, run: Run): ((frame: Frame, at: number) => boolean) | null {
  if (given == null || given === '') return null;
  if (typeof given === 'string') return byRefId(given, run);
  if (!isObject(given)) return null;
  const options = textOf(given.options);
  switch (given.id) {
    case 'byRefId':
      return byRefId(options, run);
    case 'byName':
      return byText(options, (frame) => frame.name ?? '', run);
    case 'byIndex': {
      const number = Number(options);
      return (_frame, at) => at === number;
    }
    default:
      run.problem(`the matcher of frames ${JSON.stringify(given.id)} is not known`);
      return null;
  }
}

const byRefId = (text: string, run: Run) => byText(text, ({ refId }) => refId, run);

function byText(text: string, of: (frame: Frame) => string, run: Run): (frame: Frame) => boolean {
  const regex = text.startsWith('/') ? patternOf(text, run.problem) : null;
  // The editor writes several letters with bars between.
  const letters = new Set(text.split('|'));
  return regex ? (frame) => of(frame).search(regex) !== -1 : (frame) => of(frame) === text || letters.has(of(frame));
}

export const filterByRefId: Transform = (frames, options, run) => {
  const [include, exclude] = [frameMatch(options.include, run), frameMatch(options.exclude, run)];
  return frames.filter((frame, at) => (include === null || include(frame, at)) && (exclude === null || !exclude(frame, at)));
};

/** The frames that a transformation with `filter` is about, and the others. */
export function split(frames: Frame[], filter: { id: string; options?: Json } | undefined, run: Run): { chosen: Frame[]; others: Frame[]; firstOther: number } {
  const match = filter ? frameMatch(filter as unknown as JsonObject, run) : null;
  if (match === null) return { chosen: frames, others: [], firstOther: 0 };
  const chosen = frames.filter(match);
  const others = frames.filter((frame, at) => !match(frame, at));
  return { chosen, others, firstOther: others.length === 0 ? 0 : frames.indexOf(others[0]!) };
}
