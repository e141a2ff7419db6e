/**
 * Queries of dashboards hold variables, which no parser of a language knows. For checking, each is replaced by a text
 * of the same length, so that findings stand at their places. What a variable stands for is not known: several texts
 * are made, and the query is taken to be right when one of them is.
 */

const variable = /\$\{[A-Za-z0-9_.]+(?::[^}]*)?\}|\[\[[A-Za-z0-9_.]+(?::[^\]]*)?\]\]|\$[A-Za-z_]\w*/g;

const padded = (text: string, length: number) => (length <= text.length ? text.slice(0, length) : text + ' '.repeat(length - text.length));

/** Whether a place lies within quotes, where a variable is text already. */
function quotedAt(text: string): (at: number) => boolean {
  const spans: [number, number][] = [];
  for (let at = 0; at < text.length; at += 1) {
    const quote = text[at]!;
    if (quote !== '"' && quote !== "'" && quote !== '`') continue;
    let end = at + 1;
    while (end < text.length && text[end] !== quote) end += quote !== '`' && text[end] === '\\' ? 2 : 1;
    spans.push([at, end]);
    at = end;
  }
  return (at) => spans.some(([from, to]) => at > from && at < to);
}

/** Texts of the query without variables; the query itself when it has none. */
export function standIns(query: string): string[] {
  const quoted = quotedAt(query);
  const made = (free: (length: number) => string) =>
    query.replace(variable, (found: string, at: number) => {
      const length = found.length;
      if (quoted(at)) return 'v'.repeat(length);
      const before = query.slice(0, at);
      // A range in which the variable is a number: `[${minutes}m]`.
      if (/\[[^\]]*$/.test(before) && /^[a-z]/.test(query.slice(at + length))) return '5'.repeat(length);
      // A range, a step of a subquery, an offset.
      if (/\[\s*$|\[[^\]]*:\s*$|\boffset\s+-?\s*$/i.test(before)) return padded('5m', length);
      return free(length);
    });
  const texts = [made((length) => 'v'.repeat(length)), made((length) => padded('1', length))];
  return [...new Set(texts)];
}
