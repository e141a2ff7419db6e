/** Moments by a pattern of letters, as `${__from:date:YYYY-MM-DD}` and units such as `time:HH:mm` write them. */

import { localTime, offsetMs } from './zone';

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const pad = (value: number, width = 2) => String(value).padStart(width, '0');

function ordinal(value: number): string {
  const tens = value % 100;
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
  return `${value}${ending}`;
}

/** Day of the year, from 1. */
const dayOfYear = (year: number, month: number, day: number) => Math.round((Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;

/** The week by ISO 8601 and the year that it is of. */
function isoWeek(year: number, month: number, day: number): { week: number; year: number } {
  const weekDay = new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;
  const thursday = new Date(Date.UTC(year, month - 1, day + 4 - weekDay));
  const of = thursday.getUTCFullYear();
  return { week: Math.ceil((dayOfYear(of, thursday.getUTCMonth() + 1, thursday.getUTCDate())) / 7), year: of };
}

const token = /\[([^\]]*)\]|Mo|MMMM|MMM|MM|M|DDDD|DDD|Do|DD|D|dddd|ddd|dd|d|E|GGGG|gggg|YYYY|YY|Y|Qo|Q|WW|W|ww|w|HH|H|hh|h|kk|k|A|a|mm|m|ss|s|SSSSSSSSS|SSSSSS|SSS|SS|S|ZZ|Z|X|x|LTS|LT|LL|L/g;

/** Writes a moment by the letters that moment.js made common; what stands in `[…]` stays as it is. */
export function formatTime(at: number, pattern: string, zone: string): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return 'Invalid date';
  const { year, month, day, hour, minute, second, millisecond } = localTime(at, zone);
  const weekDay = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const offset = () => Math.round(offsetMs(at, zone) / 60_000);
  const shift = (colon: string) => `${offset() < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset()) / 60))}${colon}${pad(Math.abs(offset()) % 60)}`;
  const half = hour % 12 === 0 ? 12 : hour % 12;
  const week = () => isoWeek(year, month, day);
  const values: Record<string, () => string> = {
    YYYY: () => pad(year, 4),
    YY: () => pad(year % 100),
    Y: () => String(year),
    GGGG: () => pad(week().year, 4),
    gggg: () => pad(week().year, 4),
    Q: () => String(Math.ceil(month / 3)),
    Qo: () => ordinal(Math.ceil(month / 3)),
    MMMM: () => months[month - 1]!,
    MMM: () => months[month - 1]!.slice(0, 3),
    MM: () => pad(month),
    Mo: () => ordinal(month),
    M: () => String(month),
    DDDD: () => pad(dayOfYear(year, month, day), 3),
    DDD: () => String(dayOfYear(year, month, day)),
    DD: () => pad(day),
    Do: () => ordinal(day),
    D: () => String(day),
    dddd: () => days[weekDay]!,
    ddd: () => days[weekDay]!.slice(0, 3),
    dd: () => days[weekDay]!.slice(0, 2),
    d: () => String(weekDay),
    E: () => String(weekDay || 7),
    WW: () => pad(week().week),
    W: () => String(week().week),
    ww: () => pad(week().week),
    w: () => String(week().week),
    HH: () => pad(hour),
    H: () => String(hour),
    hh: () => pad(half),
    h: () => String(half),
    kk: () => pad(hour || 24),
    k: () => String(hour || 24),
    A: () => (hour < 12 ? 'AM' : 'PM'),
    a: () => (hour < 12 ? 'am' : 'pm'),
    mm: () => pad(minute),
    m: () => String(minute),
    ss: () => pad(second),
    s: () => String(second),
    SSSSSSSSS: () => `${pad(millisecond, 3)}000000`,
    SSSSSS: () => `${pad(millisecond, 3)}000`,
    SSS: () => pad(millisecond, 3),
    SS: () => pad(Math.floor(millisecond / 10)),
    S: () => String(Math.floor(millisecond / 100)),
    ZZ: () => shift(''),
    Z: () => shift(':'),
    X: () => String(Math.floor(at / 1000)),
    x: () => String(at),
    LTS: () => `${half}:${pad(minute)}:${pad(second)} ${hour < 12 ? 'AM' : 'PM'}`,
    LT: () => `${half}:${pad(minute)} ${hour < 12 ? 'AM' : 'PM'}`,
    LL: () => `${months[month - 1]} ${day}, ${year}`,
    L: () => `${pad(month)}/${pad(day)}/${pad(year, 4)}`,
  };
  return pattern.replace(token, (letters, literal: string | undefined) => literal ?? values[letters]?.() ?? letters);
}
