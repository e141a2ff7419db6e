export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  name: string;
  operator: MatchOperator;
  value: string;
}

const plainName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A label value or UTF-8 name in double quotes, escaped as PromQL and Alertmanager escape. */
export function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

export function formatMatcher({ name, operator, value }: Matcher): string {
  return `${plainName.test(name) ? name : quote(name)}${operator}${quote(value)}`;
}

/** Matchers as one filter, `{a="b", c=~"d.*"}`. */
export function formatMatchers(matchers: Matcher[]): string {
  return `{${matchers.map(formatMatcher).join(', ')}}`;
}

/** The exact matchers for a set of labels. */
export function matchersOf(labels: Record<string, string>): Matcher[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a === 'alertname' ? -1 : b === 'alertname' ? 1 : a.localeCompare(b)))
    .map(([name, value]) => ({ name, operator: '=', value }));
}

/** Reads `{a="b", c=~"d.*"}` with or without braces and quotes; `null` when it cannot be read. */
export function parseMatchers(text: string): Matcher[] | null {
  let rest = text.trim();
  if (rest.startsWith('{')) {
    if (!rest.endsWith('}')) return null;
    rest = rest.slice(1, -1).trim();
  }
  const matchers: Matcher[] = [];
  while (rest !== '') {
    const part = /^(?:([^\s=!~,"{}]+)|"((?:[^"\\]|\\.)*)")\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"}]*))\s*(,\s*|$)/.exec(rest);
    if (!part) return null;
    const name = part[1] ?? unescape(part[2]!);
    matchers.push({ name, operator: part[3] as MatchOperator, value: part[4] === undefined ? part[5]! : unescape(part[4]) });
    rest = rest.slice(part[0].length);
  }
  return matchers;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character === 't' ? '\t' : character));
}

/** A series' labels as PromQL writes them, the metric's name in front. */
export function seriesName(metric: Record<string, string>): string {
  const { __name__: name = '', ...labels } = metric;
  const names = Object.keys(labels).sort();
  if (names.length === 0) return name || '{}';
  return `${name}{${names.map((label) => formatMatcher({ name: label, operator: '=', value: labels[label]! })).join(', ')}}`;
}
