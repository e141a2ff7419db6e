/**
 * Markdown as GitHub writes it, in HTML: headings, lists, quotes, code, tables, rules and paragraphs. HTML in it is
 * passed on; what comes from here must go through the allow-list of `safe.ts`.
 */

import { escaped, inline } from './inline';

/** Characters that are read; the rest is left out. */
export const longest = 200_000;
/** Lists in lists and quotes in quotes. */
const deepest = 16;

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const heading = /^ {0,3}(#{1,6})(?:\s+(.*))?$/;
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const bullet = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const quote = /^ {0,3}> ?/;
const divider = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const html =
  /^ {0,3}<(?:\/?(?:address|article|aside|blockquote|body|caption|center|col|colgroup|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|nav|noframes|ol|optgroup|option|p|param|pre|script|section|style|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)(?:[\s/>]|$)|!--)/i;

const isBlank = (line: string) => line.trim() === '';
const indentOf = (line: string) => /^ */.exec(line)![0].length;

export function markdown(text: string): string {
  return blocks(text.slice(0, longest).replace(/\r\n?/g, '\n').replaceAll('\t', '    ').split('\n'), 0);
}

/** Whether a line begins something that ends the paragraph before it. A list of numbers does so only from 1 on. */
const begins = (line: string) =>
  fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || html.test(line) || /^ {0,3}(?:[-*+]|1[.)]) +\S/.test(line);

const pre = (code: string[]) => `<pre><code>${escaped(code.join('\n'))}</code></pre>\n`;

function blocks(lines: string[], depth: number): string {
  if (depth > deepest) return `<p>${escaped(lines.join('\n'))}</p>`;
  let out = '';
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (isBlank(line)) {
      at += 1;
      continue;
    }
    const fenced = fence.exec(line);
    if (fenced) {
      const mark = fenced[1]!;
      const cut = indentOf(line);
      const code: string[] = [];
      at += 1;
      const isEnd = (each: string) => /^ {0,3}(?:`{3,}|~{3,})\s*$/.test(each) && each.trim()[0] === mark[0] && each.trim().length >= mark.length;
      while (at < lines.length && !isEnd(lines[at]!)) {
        code.push(lines[at]!.slice(Math.min(cut, indentOf(lines[at]!))));
        at += 1;
      }
      at += 1;
      out += pre(code);
      continue;
    }
    const title = heading.exec(line);
    if (title) {
      const level = title[1]!.length;
      const words = (title[2] ?? '').trim();
      out += `<h${level}>${inline(/^#+$/.test(words) ? '' : words.replace(/\s#+$/, '').trimEnd())}</h${level}>\n`;
      at += 1;
      continue;
    }
    if (rule.test(line)) {
      out += '<hr>\n';
      at += 1;
      continue;
    }
    if (quote.test(line)) {
      const inside: string[] = [];
      while (at < lines.length && (quote.test(lines[at]!) || (!isBlank(lines[at]!) && !begins(lines[at]!)))) {
        inside.push(lines[at]!.replace(quote, ''));
        at += 1;
      }
      out += `<blockquote>${blocks(inside, depth + 1)}</blockquote>\n`;
      continue;
    }
    if (bullet.test(line)) {
      const [made, next] = listAt(lines, at, depth);
      out += made;
      at = next;
      continue;
    }
    if (indentOf(line) >= 4) {
      const code: string[] = [];
      while (at < lines.length && (indentOf(lines[at]!) >= 4 || isBlank(lines[at]!))) {
        code.push(lines[at]!.slice(4));
        at += 1;
      }
      while (isBlank(code.at(-1) ?? '-')) code.pop();
      out += pre(code);
      continue;
    }
    if (html.test(line)) {
      while (at < lines.length && !isBlank(lines[at]!)) {
        out += `${lines[at]!}\n`;
        at += 1;
      }
      continue;
    }
    const table = tableAt(lines, at);
    if (table) {
      [out, at] = [out + table[0], table[1]];
      continue;
    }
    const paragraph: string[] = [line];
    at += 1;
    let level = 0;
    while (at < lines.length && !isBlank(lines[at]!)) {
      const under = /^ {0,3}(=+|-+)\s*$/.exec(lines[at]!);
      if (under) {
        level = under[1]![0] === '=' ? 1 : 2;
        at += 1;
        break;
      }
      if (begins(lines[at]!)) break;
      paragraph.push(lines[at]!);
      at += 1;
    }
    const words = inline(paragraph.map((each) => each.trimStart()).join('\n').trimEnd());
    out += level > 0 ? `<h${level}>${words}</h${level}>\n` : `<p>${words}</p>\n`;
  }
  return out;
}

/** A table and the line behind it; `null` when there is none. */
function tableAt(lines: string[], from: number): [string, number] | null {
  const under = lines[from + 1] ?? '';
  if (!lines[from]!.includes('|') || !divider.test(under)) return null;
  const head = cells(lines[from]!);
  const aligns = cells(under).map((mark) => (/^:-+:$/.test(mark) ? 'center' : /^-+:$/.test(mark) ? 'right' : /^:-+$/.test(mark) ? 'left' : ''));
  if (head.length !== aligns.length) return null;
  const row = (tag: 'th' | 'td', given: string[]) => `<tr>${head.map((_, index) => `<${tag}${aligns[index] ? ` align="${aligns[index]}"` : ''}>${inline(given[index] ?? '')}</${tag}>`).join('')}</tr>`;
  let body = '';
  let at = from + 2;
  while (at < lines.length && !isBlank(lines[at]!) && !begins(lines[at]!)) {
    body += row('td', cells(lines[at]!));
    at += 1;
  }
  return [`<table><thead>${row('th', head)}</thead><tbody>${body}</tbody></table>\n`, at];
}

/** A list with all its items, and the line behind it. */
function listAt(lines: string[], from: number, depth: number): [string, number] {
  const first = bullet.exec(lines[from]!)!;
  const kind = first[2]!.slice(-1);
  const isOrdered = /\d/.test(first[2]!);
  const items: string[][] = [];
  let at = from;
  let isLoose = false;
  while (at < lines.length) {
    const mark = bullet.exec(lines[at]!);
    if (!mark || mark[2]!.slice(-1) !== kind || /\d/.test(mark[2]!) !== isOrdered || (rule.test(lines[at]!) && !isOrdered)) break;
    const spaces = mark[3]!.length;
    const indent = mark[1]!.length + mark[2]!.length + (spaces === 0 || spaces > 4 ? 1 : spaces);
    const item: string[] = [lines[at]!.slice(indent)];
    at += 1;
    let blank = false;
    let inFence = fence.test(item[0]!);
    while (at < lines.length) {
      const line = lines[at]!;
      if (isBlank(line)) {
        blank = true;
        item.push('');
        at += 1;
        continue;
      }
      if (indentOf(line) >= indent) {
        item.push(line.slice(indent));
        if (fence.test(line.slice(indent))) inFence = !inFence;
      } else if (!blank && !inFence && !begins(line) && !bullet.test(line)) item.push(line.trimStart());
      else break;
      if (blank) isLoose = true;
      blank = false;
      at += 1;
    }
    if (blank && at < lines.length && bullet.test(lines[at]!)) isLoose = true;
    while (item.length > 0 && isBlank(item.at(-1)!)) item.pop();
    items.push(item);
  }
  const made = items.map((inside) => {
    const task = /^\[([ xX])\]\s+/.exec(inside[0] ?? '');
    const rest = task ? [inside[0]!.slice(task[0].length), ...inside.slice(1)] : inside;
    const content = blocks(rest, depth + 1);
    // Items of a tight list are no paragraphs.
    const tight = isLoose ? content : content.replace(/^<p>([\s\S]*?)<\/p>\n?/, '$1');
    return `<li>${task ? (task[1] === ' ' ? '☐ ' : '☑ ') : ''}${tight.trimEnd()}</li>`;
  });
  const start = isOrdered ? Number.parseInt(first[2]!, 10) : 1;
  const tag = isOrdered ? 'ol' : 'ul';
  return [`<${tag}${isOrdered && start !== 1 ? ` start="${start}"` : ''}>${made.join('')}</${tag}>\n`, at];
}

/** Cells of a table's line. A bar in code or behind a backslash divides nothing. */
function cells(line: string): string[] {
  const found: string[] = [];
  let cell = '';
  let inCode = false;
  const text = line.trim().replace(/^\|/, '').replace(/(?<!\\)\|$/, '');
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\' && text[at + 1] === '|') {
      cell += '|';
      at += 1;
    } else if (character === '|' && !inCode) {
      found.push(cell.trim());
      cell = '';
    } else {
      if (character === '`') inCode = !inCode;
      cell += character;
    }
  }
  found.push(cell.trim());
  return found;
}
