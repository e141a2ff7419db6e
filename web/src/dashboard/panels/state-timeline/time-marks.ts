/** Round moments along an axis of time. */

import { timeParts } from '../ticks';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 182 * day, 364 * day];

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
function ahead(at: number, zone: string): number {
  const { year, month, day: date, hour: hours, minute: minutes, second: seconds } = timeParts(at, zone);
  return Date.UTC(Number(year), Number(month) - 1, Number(date), Number(hours), Number(minutes), Number(seconds)) - Math.floor(at / second) * second;
}

/** Moments that are round by the zone's clock, no closer to each other than `least` milliseconds. */
export function timeMarks(from: number, to: number, least: number, zone: string): { times: number[]; step: number } {
  const step = steps.find((each) => each >= least) ?? steps.at(-1)!;
  const times: number[] = [];
  if (!(to > from)) return { times, step };
  for (let local = Math.ceil((from + ahead(from, zone)) / step) * step; times.length < 1_000; local += step) {
    // A change of the clock in between moves the mark.
    const guess = local - ahead(from, zone);
    const at = local - ahead(guess, zone);
    if (at > to) break;
    if (at >= from && at !== times.at(-1)) times.push(at);
  }
  return { times, step };
}
