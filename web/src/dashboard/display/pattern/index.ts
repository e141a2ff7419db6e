/** Regular expressions as dashboards write them. */

import { BoundedRegExp } from './bounded';

export { BoundedRegExp } from './bounded';

type Read = { regex: RegExp; problem?: undefined } | { regex: null; problem: string };

const known = new Map<string, Read>();
const mostKnown = 1_000;

/** `/…/flags`, or a bare pattern that has to fit the whole text; throws what is wrong with it. */
export function readPattern(written: string): RegExp {
  const slashed = /^\/([\s\S]*)\/([a-z]*)$/.exec(written);
  return slashed ? new BoundedRegExp(slashed[1]!, slashed[2]) : new BoundedRegExp(`^${written}$`);
}

/** A pattern that is used again and again; `null` and, if asked for, a problem when it cannot be read. */
export function patternOf(text: string, problem?: (what: string) => void): RegExp | null {
  let read = known.get(text);
  if (!read) {
    if (known.size >= mostKnown) known.clear();
    try {
      read = { regex: readPattern(text) };
    } catch (cause) {
      read = { regex: null, problem: cause instanceof Error ? cause.message : String(cause) };
    }
    known.set(text, read);
  }
  if (read.regex) read.regex.lastIndex = 0;
  else problem?.(`the regular expression ${JSON.stringify(text)} cannot be read: ${read.problem}`);
  return read.regex;
}
