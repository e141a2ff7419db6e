/** Regular expressions as dashboards write them. */

const known = new Map<string, RegExp | null>();
const mostKnown = 1_000;

/** `/…/flags`, or a bare pattern that has to fit the whole text; `null` when it cannot be read. */
export function patternOf(text: string): RegExp | null {
  const before = known.get(text);
  if (before !== undefined) {
    if (before) before.lastIndex = 0;
    return before;
  }
  if (known.size >= mostKnown) known.clear();
  const made = read(text);
  known.set(text, made);
  return made;
}

function read(text: string): RegExp | null {
  try {
    const slashed = /^\/([\s\S]*)\/([a-z]*)$/.exec(text);
    return slashed ? new RegExp(slashed[1]!, slashed[2]) : new RegExp(`^${text}$`);
  } catch {
    return null;
  }
}
