/** What stands at the marks of axes: round distances for the unit, and texts with as many digits as tell them apart. */

import { displayText } from '../display';
import type { DisplayValue } from '../frame';

export type Display = (value: unknown, decimals?: number | null) => DisplayValue;

const powers = Array.from({ length: 80 }, (_, place) => 2 ** (place - 10));
const binaryUnits = new Set(['bytes', 'kbytes', 'mbytes', 'gbytes', 'tbytes', 'pbytes', 'bits', 'binBps', 'binbps', 'KiBs', 'MiBs', 'GiBs', 'TiBs', 'PiBs', 'Kibits', 'Mibits', 'Gibits', 'Tibits', 'Pibits']);
/** Seconds in one of the unit. */
const timeUnits: Record<string, number> = { ns: 1e-9, 'µs': 1e-6, ms: 1e-3, s: 1, m: 60, h: 3_600, dtdurations: 1, dtdurationms: 1e-3, dthms: 1, dtdhms: 1, clockms: 1e-3, clocks: 1 };
const seconds = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 15_552_000, 31_536_000];
const decimal = Array.from({ length: 48 }, (_, place) => place - 24).flatMap((power) => [1, 2, 2.5, 5].map((digit) => Number(`${digit}e${power}`)));

/** Distances between marks that make round texts in the unit. `decimals` keeps finer ones away. */
export function increments(unit: string | undefined, decimals: number | null | undefined): number[] {
  const finest = decimals != null && decimals >= 0 ? 10 ** -decimals : 0;
  const wide = (list: number[]) => {
    const left = list.filter((step) => step >= finest * 0.999 && (finest === 0 || Math.abs(step / finest - Math.round(step / finest)) < 1e-6));
    return left.length > 0 ? left : list;
  };
  if (unit !== undefined && binaryUnits.has(unit)) return powers;
  const length = unit === undefined ? undefined : timeUnits[unit];
  if (length !== undefined) return [...decimal.filter((step) => step * length < 60 && (step * length < 10 || ![25, 50].includes(Math.round(step * length)))), ...[15, 30, ...seconds].map((step) => step / length)].sort((a, b) => a - b);
  return wide(decimal);
}

const mostDecimals = 5;
const numberIn = (text: string) => Number(text.replace(/[^0-9.eE+-]/g, ''));

/** Texts for marks: those in one unit have as many decimals as the finest of them needs. */
export function tickTexts(values: (number | null)[], display: Display, decimals: number | null | undefined): string[] {
  if (decimals != null) return values.map((value) => (value === null ? '' : displayText(display(value, decimals))));
  const need = values.map((value) => {
    if (value === null) return null;
    const exact = display(value, mostDecimals);
    const exactNumber = numberIn(exact.text);
    let places = 0;
    // A text that is no number, such as a date or a mapped value, stays as it is.
    if (Number.isFinite(exactNumber) && /\d/.test(exact.text)) {
      while (places < mostDecimals && Math.abs(numberIn(display(value, places).text) - exactNumber) > Math.abs(exactNumber) * 1e-4) places += 1;
      return { suffix: exact.suffix ?? '', places };
    }
    return { suffix: exact.suffix ?? '', places: null };
  });
  const most = new Map<string, number>();
  need.forEach((one) => one?.places != null && most.set(one.suffix, Math.max(most.get(one.suffix) ?? 0, one.places)));
  return values.map((value, index) => {
    const one = need[index];
    if (value === null || !one) return '';
    return displayText(display(value, one.places === null ? undefined : most.get(one.suffix)));
  });
}

const day = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The parts of a moment in a zone, with leading zeros. */
export function timeParts(time: number, zone: string): Record<string, string> {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
}

/** `2026-03-10 12:00:00`, with milliseconds when there are any. */
export function momentText(time: number, zone: string): string {
  const at = timeParts(time, zone);
  return `${at.year}-${at.month}-${at.day} ${at.hour}:${at.minute}:${at.second}${at.fractionalSecond === '000' ? '' : `.${at.fractionalSecond}`}`;
}

/** Texts for marks of an axis of time that are `stepMs` apart, on an axis `spanMs` long. */
export function timeTexts(times: number[], stepMs: number, spanMs: number, zone: string): string[] {
  return times.map((time) => {
    const at = timeParts(time, zone);
    const date = `${at.month}-${at.day}`;
    if (stepMs < 1_000) return `${at.hour}:${at.minute}:${at.second}.${at.fractionalSecond}`;
    if (stepMs < 60_000) return `${at.hour}:${at.minute}:${at.second}`;
    if (spanMs <= day) return `${at.hour}:${at.minute}`;
    if (stepMs < day) return `${date} ${at.hour}:${at.minute}`;
    if (spanMs < 365 * day) return date;
    return stepMs < 28 * day ? `${at.year}-${date}` : `${at.year}-${at.month}`;
  });
}
