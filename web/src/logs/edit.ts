/** Changes a query's text where a click asks for a filter. The text may be anything a person wrote; what cannot be read stays as it is. */

type Where = 'stream' | 'metadata' | 'parsed';

/** A value in quotes, as LogQL reads it. */
export const quoted = (value: string) =>
  `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')}"`;

/** Where the first stream selector stands: the places of `{` and of its `}`; strings inside are passed over. */
export function selectorSpan(query: string): { start: number; end: number } | null {
  const start = skipTo(query, 0, '{');
  if (start < 0) return null;
  const end = skipTo(query, start + 1, '}');
  return end < 0 ? null : { start, end };
}

/** The place of a character outside of strings, from `from` on; -1 when there is none. */
function skipTo(text: string, from: number, wanted: string): number {
  for (let at = from; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '"' || char === '`') {
      at += 1;
      while (at < text.length && text[at] !== char) {
        if (char === '"' && text[at] === '\\') at += 1;
        at += 1;
      }
    } else if (char === '#') {
      while (at < text.length && text[at] !== '\n') at += 1;
    } else if (char === wanted) return at;
  }
  return -1;
}

/** Where the pipeline behind the first selector ends: at `[`, `)` or the end of the text. */
function pipelineEnd(query: string, from: number): number {
  let depth = 0;
  for (let at = from; at < query.length; at += 1) {
    const char = query[at]!;
    if (char === '"' || char === '`') {
      at = skipString(query, at);
    } else if (char === '#') {
      while (at + 1 < query.length && query[at + 1] !== '\n') at += 1;
    } else if (char === '(') depth += 1;
    else if (char === ')') {
      if (depth === 0) return at;
      depth -= 1;
    } else if (char === '[' && depth === 0) return at;
  }
  return query.length;
}

function skipString(text: string, at: number): number {
  const quote = text[at]!;
  let place = at + 1;
  while (place < text.length && text[place] !== quote) {
    if (quote === '"' && text[place] === '\\') place += 1;
    place += 1;
  }
  return place;
}

const trimmedEnd = (text: string, end: number) => {
  let place = end;
  while (place > 0 && /\s/.test(text[place - 1]!)) place -= 1;
  return place;
};

/** Puts a stage behind the pipeline of the first selector. */
function appendStage(query: string, stage: string): string {
  const span = selectorSpan(query);
  if (!span) return query;
  const end = pipelineEnd(query, span.end + 1);
  const at = trimmedEnd(query, end);
  return `${query.slice(0, at)} ${stage}${end < query.length && end === at ? ' ' : ''}${query.slice(at)}`;
}

/** Adds `name="value"` (or `!=`) where labels of that kind are filtered. */
export function addFilter(query: string, where: Where, name: string, value: string, negated: boolean, parser?: string): string {
  const op = negated ? '!=' : '=';
  if (where === 'stream') {
    const span = selectorSpan(query);
    if (!span) return `{${name}${op}${quoted(value)}}`;
    const inside = query.slice(span.start + 1, span.end);
    const matcher = `${name}${op}${quoted(value)}`;
    if (inside.split(',').some((each) => each.trim() === matcher)) return query;
    const comma = inside.trim() === '' || inside.trim().endsWith(',') ? '' : ', ';
    return `${query.slice(0, span.start + 1)}${inside.replace(/\s+$/, '')}${comma}${matcher}${query.slice(span.end)}`;
  }
  let next = query;
  // A field exists only behind the parser that makes it.
  if (where === 'parsed' && parser && !hasParser(query)) next = appendStage(next, `| ${parser}`);
  return appendStage(next, `| ${name}${op}${quoted(value)}`);
}

/** Whether the pipeline takes lines apart. */
export const hasParser = (query: string) => /\|\s*(json|logfmt|pattern|regexp|unpack)\b/.test(withoutStrings(query));

function withoutStrings(query: string): string {
  let plain = '';
  for (let at = 0; at < query.length; at += 1) {
    const char = query[at]!;
    if (char === '"' || char === '`') {
      at = skipString(query, at);
      plain += '""';
    } else plain += char;
  }
  return plain;
}

/** Adds a condition on the line. */
export const addLineFilter = (query: string, text: string, negated: boolean) => appendStage(query, `${negated ? '!=' : '|='} ${quoted(text)}`);

/** A selector of these labels. */
export function selectorFor(labels: Record<string, string>): string {
  const names = Object.keys(labels).filter((name) => name !== 'detected_level').sort();
  return `{${names.map((name) => `${name}=${quoted(labels[name]!)}`).join(', ')}}`;
}

/** The first selector alone, or `null`. */
export function selectorOf(query: string): string | null {
  const span = selectorSpan(query);
  return span && query.slice(span.start, span.end + 1);
}

/** Whether a query gives lines rather than numbers: its first word is a selector. */
export const isLogQuery = (query: string) => withoutComments(query).trimStart().startsWith('{');

const withoutComments = (query: string) =>
  query
    .split('\n')
    .map((line) => (line.trimStart().startsWith('#') ? '' : line))
    .join('\n');

/** The query that counts the lines of a log query by level, for each step. */
export const volumeQuery = (query: string, stepSeconds: number) => `sum by (detected_level) (count_over_time(${query.trim()} [${stepSeconds}s]))`;
