/** Markdown within a line: emphasis, code, links. It is written as HTML, which is then read by the allow-list of `safe.ts`. */

/** Emphasis in emphasis in emphasis: deeper than this it stays as it was written. */
const deepest = 12;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character]!);

const punctuation = /[!-/:-@[-`{-~]/;
const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
const isSpace = (character: string | undefined) => character === undefined || /\s/.test(character);

/** For each opening bracket the one that closes it. */
function brackets(text: string): Map<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '[') open.push(at);
    else if (character === ']') {
      const from = open.pop();
      if (from !== undefined) pairs.set(from, at);
    }
  }
  return pairs;
}

/** The address and title in the parentheses behind a link's words; `null` when there are none. */
function destination(text: string, from: number): { url: string; title: string; end: number } | null {
  const part = /\(\s*(?:<([^<>\n]*)>|((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*))(?:\s+(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'))?\s*\)/y;
  part.lastIndex = from;
  const found = part.exec(text);
  if (!found) return null;
  const plain = (given: string) => given.replace(/\\([!-/:-@[-`{-~])/g, '$1');
  return { url: plain(found[1] ?? found[2] ?? ''), title: plain(found[3] ?? found[4] ?? ''), end: part.lastIndex };
}

export function inline(text: string, depth = 0): string {
  if (depth > deepest) return escaped(text);
  const pairs = brackets(text);
  /** Marks that no later text closes. */
  const unclosed = new Set<string>();
  let out = '';
  let at = 0;
  const sticky = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  /** Writes what stands for the next characters. */
  const put = (written: string, read: number) => {
    out += written;
    at += read;
  };

  while (at < text.length) {
    const character = text[at]!;
    const next = text[at + 1];
    if (character === '\\') {
      if (next === '\n') put('<br>\n', 2);
      else if (next !== undefined && punctuation.test(next)) put(escaped(next), 2);
      else put('\\', 1);
      continue;
    }
    if (character === '`') {
      const ticks = sticky(/`+/y)![0];
      const mark = `code${ticks.length}`;
      const end = unclosed.has(mark) ? -1 : closingTicks(text, at + ticks.length, ticks.length);
      if (end < 0) {
        unclosed.add(mark);
        put(ticks, ticks.length);
        continue;
      }
      const code = text.slice(at + ticks.length, end).replaceAll('\n', ' ');
      out += `<code>${escaped(/^ .* $/.test(code) && code.trim() !== '' ? code.slice(1, -1) : code)}</code>`;
      at = end + ticks.length;
      continue;
    }
    if (character === '[' || (character === '!' && next === '[')) {
      const open = character === '!' ? at + 1 : at;
      const close = pairs.get(open);
      const target = close === undefined ? null : destination(text, close + 1);
      if (target) {
        const words = text.slice(open + 1, close);
        const title = target.title ? ` title="${escaped(target.title)}"` : '';
        out += character === '!' ? `<img src="${escaped(target.url)}" alt="${escaped(words)}"${title}>` : `<a href="${escaped(target.url)}"${title}>${inline(words, depth + 1)}</a>`;
        at = target.end;
        continue;
      }
    }
    if (character === '<') {
      const address = sticky(/<((?:https?:\/\/|mailto:)[^\s<>]*)>/y) ?? sticky(/<([\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)>/y);
      if (address) {
        const given = address[1]!;
        put(`<a href="${escaped(given.includes(':') ? given : `mailto:${given}`)}">${escaped(given)}</a>`, address[0].length);
        continue;
      }
      const tag = sticky(/<\/?[a-zA-Z][^<>]*>/y) ?? sticky(/<!--[^>]*-->/y);
      if (tag) {
        put(tag[0], tag[0].length);
        continue;
      }
    }
    if (character === '&') {
      const entity = sticky(/&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,30});/y);
      if (entity) {
        put(entity[0], entity[0].length);
        continue;
      }
    }
    if (character === 'h' && !isWord(text[at - 1])) {
      const url = sticky(/https?:\/\/[^\s<>"]+/y)?.[0].replace(/[.,:;!?'")\]*_~]+$/, '');
      if (url && url.length > 8) {
        put(`<a href="${escaped(url)}">${escaped(url)}</a>`, url.length);
        continue;
      }
    }
    if (character === '*' || character === '_' || (character === '~' && next === '~')) {
      const run = sticky(character === '*' ? /\*+/y : character === '_' ? /_+/y : /~+/y)![0];
      const size = character === '~' ? 2 : Math.min(3, run.length);
      const mark = run.slice(0, size);
      const opens = run.length <= 3 && !isSpace(text[at + run.length]) && (character !== '_' || !isWord(text[at - 1]));
      const end = opens && !unclosed.has(mark) ? closing(text, at + size, mark) : -1;
      if (end >= 0) {
        const inside = inline(text.slice(at + size, end), depth + 1);
        const tags = character === '~' ? ['del'] : size === 3 ? ['em', 'strong'] : size === 2 ? ['strong'] : ['em'];
        out += tags.map((tag) => `<${tag}>`).join('') + inside + [...tags].reverse().map((tag) => `</${tag}>`).join('');
        at = end + size;
        continue;
      }
      if (opens) unclosed.add(mark);
      put(run, run.length);
      continue;
    }
    if (character === '\n') {
      // Two spaces at a line's end break it.
      const breaks = out.endsWith('  ');
      out = `${out.trimEnd()}${breaks ? '<br>' : ''}\n`;
      at += 1;
      continue;
    }
    put(escaped(character), 1);
  }
  return out;
}

/** Where a run of as many backticks begins; -1 when there is none. */
function closingTicks(text: string, from: number, size: number): number {
  const runs = /`+/g;
  runs.lastIndex = from;
  for (let run = runs.exec(text); run; run = runs.exec(text)) if (run[0].length === size) return run.index;
  return -1;
}

/** Where a mark of emphasis is closed; -1 when it is not. Marks in code do not count. */
function closing(text: string, from: number, mark: string): number {
  const character = mark[0]!;
  for (let at = from; at < text.length; at += 1) {
    const here = text[at];
    if (here === '\\') at += 1;
    else if (here === '`') {
      const end = text.indexOf('`', at + 1);
      if (end > 0) at = end;
    } else if (here === character) {
      let to = at;
      while (text[to] === character) to += 1;
      const closes = to - at === mark.length || (to - at > mark.length && to - at >= 3);
      if (closes && at > from && !isSpace(text[at - 1]) && (character !== '_' || !isWord(text[to]))) return to - mark.length;
      at = to - 1;
    }
  }
  return -1;
}
