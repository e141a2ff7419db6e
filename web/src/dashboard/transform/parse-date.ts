/** Moments out of text, by the patterns of moment.js. */

import { formatDate } from '../display';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** What each token takes, and what it says. */
const tokens: Record<string, [pattern: string, part: string]> = {
  YYYY: ['[+-]?\\d{4}', 'year'], YY: ['\\d{2}', 'shortYear'], MMMM: ['\\p{L}+', 'monthName'], MMM: ['\\p{L}+', 'monthName'], MM: ['\\d{1,2}', 'month'], M: ['\\d{1,2}', 'month'],
  DD: ['\\d{1,2}', 'day'], D: ['\\d{1,2}', 'day'], Do: ['\\d{1,2}(?:st|nd|rd|th)', 'day'], dddd: ['\\p{L}+', ''], ddd: ['\\p{L}+', ''],
  HH: ['\\d{1,2}', 'hour'], H: ['\\d{1,2}', 'hour'], hh: ['\\d{1,2}', 'hour12'], h: ['\\d{1,2}', 'hour12'], mm: ['\\d{1,2}', 'minute'], m: ['\\d{1,2}', 'minute'],
  ss: ['\\d{1,2}', 'second'], s: ['\\d{1,2}', 'second'], A: ['[AaPp][Mm]', 'half'], a: ['[AaPp][Mm]', 'half'],
  Z: ['Z|[+-]\\d{2}:?\\d{2}', 'offset'], ZZ: ['Z|[+-]\\d{2}:?\\d{2}', 'offset'], X: ['-?\\d+(?:\\.\\d+)?', 'seconds'], x: ['-?\\d+', 'ms'],
};
const token = /\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|Do|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|S{1,9}|A|a|ZZ|Z|X|x/g;

interface Reader {
  regex: RegExp;
  parts: string[];
}

const readers = new Map<string, Reader>();
const mostReaders = 100;

function readerOf(pattern: string): Reader {
  const known = readers.get(pattern);
  if (known) return known;
  const parts: string[] = [];
  let source = '';
  let last = 0;
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/\s+/g, '\\s+');
  for (const match of pattern.matchAll(token)) {
    source += literal(pattern.slice(last, match.index));
    last = match.index + match[0].length;
    if (match[1] !== undefined) source += literal(match[1]);
    else {
      const [taken, part] = tokens[match[0]] ?? ['\\d+', 'fraction'];
      source += `(${taken})`;
      parts.push(part);
    }
  }
  const made = { regex: new RegExp(`^\\s*${source}${literal(pattern.slice(last))}`, 'u'), parts };
  if (readers.size >= mostReaders) readers.clear();
  readers.set(pattern, made);
  return made;
}

/** Milliseconds since 1970 of a text in a zone (`utc`, an IANA name, the browser's when there is none); NaN when it does not fit the pattern. */
export function parseDate(text: string, pattern: string, zone: string | undefined): number {
  if (text.length > 200 || pattern.length > 200) return NaN;
  const { regex, parts } = readerOf(pattern);
  const match = regex.exec(text);
  if (!match) return NaN;
  const said = new Map<string, string>();
  for (const [at, part] of parts.entries()) said.set(part, match[at + 1]!);
  if (said.has('ms')) return Number(said.get('ms'));
  if (said.has('seconds')) return Number(said.get('seconds')) * 1000;
  const number = (part: string, otherwise: number) => (said.has(part) ? Number.parseInt(said.get(part)!, 10) : otherwise);
  const shortYear = number('shortYear', NaN);
  const year = Number.isNaN(shortYear) ? number('year', new Date().getUTCFullYear()) : shortYear + (shortYear > 68 ? 1900 : 2000);
  const month = said.has('monthName') ? months.indexOf(said.get('monthName')!.slice(0, 3).toLowerCase()) + 1 : number('month', 1);
  const day = number('day', 1);
  const isAfternoon = said.get('half')?.toLowerCase() === 'pm';
  const hour = said.has('hour12') ? (number('hour12', 0) % 12) + (isAfternoon ? 12 : 0) : number('hour', 0);
  const [minute, second] = [number('minute', 0), number('second', 0)];
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate() || hour > 24 || minute > 59 || second > 59) return NaN;
  const fraction = said.has('fraction') ? Math.floor(Number(`0.${said.get('fraction')}`) * 1000 + 1e-9) : 0;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second, fraction);
  return at.getTime() - offsetMs(at.getTime(), said.get('offset'), zone);
}

/** How far the clock was ahead of UTC when it showed this time. */
function offsetMs(shown: number, written: string | undefined, zone: string | undefined): number {
  if (written !== undefined) return written === 'Z' ? 0 : minutes(written) * 60_000;
  const ahead = (ms: number) => minutes(formatDate(ms, 'ZZ', zone)) * 60_000;
  // The offset is that of the moment, which is known only with the offset: twice settles it but for an hour that does not exist.
  return ahead(shown - ahead(shown));
}

function minutes(text: string): number {
  const size = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith('-') ? -size : size;
}
