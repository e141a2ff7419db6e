/** Queries in TraceQL: those that the form writes, and what the page must know of those that people write. */

export const comparisons = ['=', '!=', '>', '>=', '<', '<=', '=~', '!~'] as const;
export type Comparison = (typeof comparisons)[number];

export interface Condition {
  /** An attribute with its scope, such as `span.http.route`, or an intrinsic field. */
  key: string;
  comparison: Comparison;
  value: string;
}

export interface SearchForm {
  service: string;
  name: string;
  /** `error`, `ok`, `unset`; empty for any. */
  status: string;
  /** Durations as TraceQL writes them, such as `100ms`; empty for none. */
  least: string;
  most: string;
  conditions: Condition[];
}

export const emptyForm: SearchForm = { service: '', name: '', status: '', least: '', most: '', conditions: [] };

/** What TraceQL reads as a duration: Go's. */
export const isDuration = (text: string) => /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text);

const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')}"`;

/** A key as TraceQL reads it; what stands behind the scope is quoted where it has signs that names may not have. */
export function writtenKey(key: string): string {
  const scoped = /^(resource|span|event|link|instrumentation|parent)?\.(.+)$/s.exec(key);
  if (!scoped) return key;
  const [, scope = '', name = ''] = scoped;
  return /^[^\s{}()=~!<>&|^"`,+*/%\\]+$/.test(name) ? key : `${scope}.${quoted(name)}`;
}

const bare = /^(-?\d+(\.\d+)?|true|false|nil)$/;
/** Intrinsic fields whose values are words of the language. */
const worded = /^(span:)?(status|kind)$/;

function writtenValue({ key, comparison, value }: Condition): string {
  if (comparison === '=~' || comparison === '!~') return quoted(value);
  // Quotes around a value make a text of what else would be a number.
  if (/^".*"$/s.test(value)) return value;
  return bare.test(value) || worded.test(key) || isDuration(value) ? value : quoted(value);
}

/** The form as a query; an empty one asks for all spans. */
export function writeForm(form: SearchForm): string {
  const parts = [
    form.service && `resource.service.name = ${quoted(form.service)}`,
    form.name && `name = ${quoted(form.name)}`,
    form.status && `status = ${form.status}`,
    form.least && `duration >= ${form.least}`,
    form.most && `duration <= ${form.most}`,
    ...form.conditions.filter(({ key }) => key.trim() !== '').map((each) => `${writtenKey(each.key.trim())} ${each.comparison} ${writtenValue(each)}`),
  ].filter(Boolean);
  return parts.length === 0 ? '{}' : `{ ${parts.join(' && ')} }`;
}

const condition = /^\s*((?:[^\s{}()=~!<>&|^"`,+*/%\\]|"(?:[^"\\]|\\.)*")+)\s*(=~|!~|!=|>=|<=|=|>|<)\s*("(?:[^"\\]|\\.)*"|`[^`]*`|[^\s{}()&|"`]+)\s*/;

const unquoted = (text: string) =>
  text.startsWith('`')
    ? text.slice(1, -1)
    : text.startsWith('"')
      ? text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 't' ? '\t' : char === 'r' ? '\r' : char))
      : text;

/** Reads conditions that are all to hold for one span; `null` for a query that says more than the form can show. */
export function readForm(query: string): SearchForm | null {
  const inside = /^\s*\{(.*)\}\s*$/s.exec(query);
  if (!inside) return query.trim() === '' ? emptyForm : null;
  const form: SearchForm = { ...emptyForm, conditions: [] };
  let rest = inside[1]!;
  if (rest.trim() === '') return form;
  for (;;) {
    const found = condition.exec(rest);
    if (!found) return null;
    const [all, key = '', comparison = '=', written = ''] = found;
    const isText = /^["`]/.test(written);
    const value = unquoted(written);
    const plain = key.replace(/"((?:[^"\\]|\\.)*)"/g, (text) => unquoted(text));
    if (key === 'resource.service.name' && comparison === '=' && isText && !form.service) form.service = value;
    else if ((key === 'name' || key === 'span:name') && comparison === '=' && isText && !form.name) form.name = value;
    else if ((key === 'status' || key === 'span:status') && comparison === '=' && !isText && !form.status) form.status = value;
    else if ((key === 'duration' || key === 'span:duration') && comparison === '>=' && !form.least) form.least = value;
    else if ((key === 'duration' || key === 'span:duration') && comparison === '<=' && !form.most) form.most = value;
    else form.conditions.push({ key: plain, comparison: comparison as Comparison, value: isText && (bare.test(value) || isDuration(value)) ? `"${value}"` : value });
    rest = rest.slice(all.length);
    if (rest.trim() === '') return form;
    if (!rest.startsWith('&&')) return null;
    rest = rest.slice(2);
  }
}

/** A query without what stands in strings and comments. */
const withoutStrings = (query: string) => query.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""').replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ');

/** Whether a query gives numbers over time rather than traces. */
export const isMetricsQuery = (query: string) => /\|\s*(rate|count_over_time|(min|max|avg|sum|quantile|histogram)_over_time|compare)\s*\(/.test(withoutStrings(query));

/** Whether a query asks for no more than everything. */
export const asksForAll = (query: string) => /^\s*(\{\s*\})?\s*$/.test(withoutStrings(query));

/** Whether the numbers of a metrics query are durations, which come in seconds. */
export const givesSeconds = (query: string) => /\|\s*(min|max|avg|sum|quantile)_over_time\s*\(\s*(span:|trace:)?duration\b/.test(withoutStrings(query));

/** A trace's id that someone typed or pasted, in full length; `null` when it is none. */
export function traceIdIn(text: string): string | null {
  const id = text.trim().toLowerCase().replace(/^0x/, '');
  return /^[0-9a-f]{8,32}$/.test(id) && /[1-9a-f]/.test(id) ? id.padStart(32, '0') : null;
}

/** The spans of an operation. */
export const operationQuery = (service: string, name: string) => writeForm({ ...emptyForm, service, name });
