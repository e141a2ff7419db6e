import { expect, test } from 'vitest';
import { describeRange, lengthMs, lengthText, localTime, momentOf, niceInterval, offsetMs, panelRange, parseTime, quickRanges, rangeOf, zoneOf } from '.';

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString().replace('.000Z', 'Z'));
/** A Sunday evening in UTC. */
const now = at('2026-11-22T20:15:04.500Z');

test.each([
  ['now', 'UTC', '2026-11-22T20:15:04.500Z', '2026-11-22T20:15:04.500Z'],
  ['now-6h', 'UTC', '2026-11-22T14:15:04.500Z', '2026-11-22T14:15:04.500Z'],
  ['now - 6h', 'UTC', '2026-11-22T14:15:04.500Z', '2026-11-22T14:15:04.500Z'],
  ['now-1h30m', 'UTC', undefined, undefined],
  ['now-1h-30m', 'UTC', '2026-11-22T18:45:04.500Z', '2026-11-22T18:45:04.500Z'],
  ['now/h', 'UTC', '2026-11-22T20:00:00Z', '2026-11-22T20:59:59.999Z'],
  ['now/d', 'UTC', '2026-11-22T00:00:00Z', '2026-11-22T23:59:59.999Z'],
  ['now-1d/d', 'UTC', '2026-11-21T00:00:00Z', '2026-11-21T23:59:59.999Z'],
  ['now/d+8h', 'UTC', '2026-11-22T08:00:00Z', '2026-11-23T07:59:59.999Z'],
  ['now/w', 'UTC', '2026-11-16T00:00:00Z', '2026-11-22T23:59:59.999Z'],
  ['now-1M/M', 'UTC', '2026-10-01T00:00:00Z', '2026-10-31T23:59:59.999Z'],
  ['now/Q', 'UTC', '2026-10-01T00:00:00Z', '2026-12-31T23:59:59.999Z'],
  ['now/y', 'UTC', '2026-01-01T00:00:00Z', '2026-12-31T23:59:59.999Z'],
  ['now+1y', 'UTC', '2027-11-22T20:15:04.500Z', '2027-11-22T20:15:04.500Z'],
  // In Berlin it is 21:15, an hour ahead of UTC.
  ['now/d', 'Europe/Berlin', '2026-11-21T23:00:00Z', '2026-11-22T22:59:59.999Z'],
  // In India hours begin at half past those of UTC.
  ['now/h', 'Asia/Kolkata', '2026-11-22T19:30:00Z', '2026-11-22T20:29:59.999Z'],
  ['1763842504500', 'UTC', '2025-11-22T20:15:04.500Z', '2025-11-22T20:15:04.500Z'],
  ['2026-11-22T20:00:00Z', 'Europe/Berlin', '2026-11-22T20:00:00Z', '2026-11-22T20:00:00Z'],
  ['2026-11-22T20:00:00.250+02:00', 'Europe/Berlin', '2026-11-22T18:00:00.250Z', '2026-11-22T18:00:00.250Z'],
  ['2026-11-22 20:00:00', 'Europe/Berlin', '2026-11-22T19:00:00Z', '2026-11-22T19:00:00Z'],
  ['2026-11-22', 'America/New_York', '2026-11-22T05:00:00Z', '2026-11-22T05:00:00Z'],
  ['20261122', 'UTC', '2026-11-22T00:00:00Z', '2026-11-22T00:00:00Z'],
  ['20261122T201504', 'UTC', '2026-11-22T20:15:04Z', '2026-11-22T20:15:04Z'],
  ['2026-02-01||-1M/M', 'UTC', '2026-01-01T00:00:00Z', '2026-01-31T23:59:59.999Z'],
])('%s in %s begins at %s and ends at %s', (text, zone, begin, end) => {
  expect([iso(parseTime(text, now, zone).ms), iso(parseTime(text, now, zone, true).ms)]).toEqual([begin, end]);
});

test.each([
  ['', 'A time is missing'],
  ['yesterday', '`yesterday` is no time: `now-6h`, `2026-11-22 20:00:00` and milliseconds since 1970 are'],
  ['now-6x', '`-6x` is neither `+` or `-` with a number and a unit nor `/` with a unit; units are s, m, h, d, w, M, Q, y, fQ and fy'],
  ['now-999999y', '`-999999y` leads out of the calendar'],
  ['2026-02-30', '`2026-02-30` is no date of the calendar'],
])('%s is refused with a reason', (text, error) => {
  expect(parseTime(text, now, 'UTC').error).toBe(error);
});

test('weeks begin where the dashboard says, fiscal years in its month', () => {
  const begin = (text: string, calendar: object) => iso(parseTime(text, now, 'UTC', false, calendar).ms);
  expect(begin('now/w', { weekStart: 'sunday' })).toBe('2026-11-22T00:00:00Z');
  expect(begin('now/w', { weekStart: 'saturday' })).toBe('2026-11-21T00:00:00Z');
  // April to March: November lies in the third quarter, which begins in October.
  expect([begin('now/fy', { fiscalYearStartMonth: 3 }), begin('now/fQ', { fiscalYearStartMonth: 3 })]).toEqual(['2026-04-01T00:00:00Z', '2026-10-01T00:00:00Z']);
  // December to November.
  expect([begin('now/fy', { fiscalYearStartMonth: 11 }), begin('now/fQ', { fiscalYearStartMonth: 11 })]).toEqual(['2025-12-01T00:00:00Z', '2026-09-01T00:00:00Z']);
});

test.each([
  // Berlin goes from 02:00 to 03:00 on 2026-03-29 and back on 2026-10-25.
  ['2026-03-29T12:00:00Z', 'Europe/Berlin', 'now/d', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59.999Z'],
  ['2026-10-25T12:00:00Z', 'Europe/Berlin', 'now/d', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59.999Z'],
  // A day before is the same time of the clock, 25 hours ago.
  ['2026-10-25T12:00:00Z', 'Europe/Berlin', 'now-1d', '2026-10-24T11:00:00Z', '2026-10-24T11:00:00Z'],
  ['2026-10-25T12:00:00Z', 'Europe/Berlin', 'now-24h', '2026-10-24T12:00:00Z', '2026-10-24T12:00:00Z'],
  // 02:30 does not exist on that day.
  ['2026-03-30T00:30:00Z', 'Europe/Berlin', 'now-1d', '2026-03-29T01:30:00Z', '2026-03-29T01:30:00Z'],
  ['2026-03-31T10:00:00Z', 'Europe/Berlin', 'now-1M', '2026-02-28T11:00:00Z', '2026-02-28T11:00:00Z'],
  // New York goes to summer time on 2026-03-08 and back on 2026-11-01.
  ['2026-11-01T17:00:00Z', 'America/New_York', 'now/d', '2026-11-01T04:00:00Z', '2026-11-02T04:59:59.999Z'],
  ['2026-03-08T17:00:00Z', 'America/New_York', 'now/w', '2026-03-02T05:00:00Z', '2026-03-09T03:59:59.999Z'],
])('at %s in %s, %s begins at %s and ends at %s', (moment, zone, text, begin, end) => {
  expect([iso(parseTime(text, at(moment), zone).ms), iso(parseTime(text, at(moment), zone, true).ms)]).toEqual([begin, end]);
});

test('a zone’s clock is read and set, also where it jumps', () => {
  for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe']) {
    for (const moment of ['2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-10-25T02:00:00Z', '2026-11-01T07:00:00Z', '1969-12-31T23:59:59Z', '2024-02-29T12:00:00Z']) {
      expect([zone, momentOf(localTime(at(moment), zone), zone)]).toEqual([zone, at(moment)]);
    }
  }
  const gap = { year: 2026, month: 3, day: 29, hour: 2, minute: 30, second: 0, millisecond: 0 };
  expect(iso(momentOf(gap, 'Europe/Berlin'))).toBe('2026-03-29T01:30:00Z');
  expect(iso(momentOf({ ...gap, month: 10, day: 25 }, 'Europe/Berlin'))).toBe('2026-10-25T00:30:00Z');
  expect([offsetMs(at('2026-07-01T00:00:00Z'), 'Asia/Kathmandu') / 60_000, offsetMs(0, 'nowhere')]).toEqual([345, 0]);
  expect([zoneOf('utc'), zoneOf('Europe/Berlin'), zoneOf('nowhere')]).toEqual(['UTC', 'Europe/Berlin', 'UTC']);
});

test('ranges end after they begin, and late data moves now', () => {
  const span = (from: string, to: string, delay?: string) => {
    const range = rangeOf({ from, to }, now, 'UTC', {}, delay);
    return range.span ? [iso(range.span.from), iso(range.span.to)] : range.error;
  };
  expect(span('now-1h', 'now', '1m')).toEqual(['2026-11-22T19:14:04.500Z', '2026-11-22T20:14:04.500Z']);
  expect(span('now/d', 'now/d')).toEqual(['2026-11-22T00:00:00Z', '2026-11-22T23:59:59.999Z']);
  expect(span('now', 'now-1h')).toBe('The range ends before it begins');
  expect(span('now-1h', 'now', '1q')).toMatch(/^The delay of `now`: /);
});

test.each([
  ['now-6h', 'now', 'Last 6 hours'],
  ['now-45m', 'now', 'Last 45 minutes'],
  ['now-1w', 'now', 'Last 1 week'],
  ['now/d', 'now/d', 'Today'],
  ['now/d', 'now', 'Today so far'],
  ['now-1h', 'now-10m', 'now-1h to now-10m'],
  ['1763842504500', '2025-11-23 00:00:00', '2025-11-22 20:15:04 to 2025-11-23 00:00:00'],
])('%s to %s reads %s', (from, to, text) => {
  expect(describeRange({ from, to }, 'UTC')).toBe(text);
});

test('every range that is offered can be read', () => {
  for (const range of quickRanges) expect([range.name, rangeOf(range, now, 'Europe/Berlin').error]).toEqual([range.name, undefined]);
});

test('a panel has a range of its own, or is moved into the past', () => {
  const dashboard = { span: { from: now - 3_600_000, to: now }, raw: { from: 'now-1h', to: 'now' } };
  const shown = (panel: object, of = dashboard) => {
    const { span, note, shiftMs, error } = panelRange(panel, of, now, 'UTC');
    return [iso(span.from), iso(span.to), note, shiftMs, error];
  };
  expect(shown({})).toEqual(['2026-11-22T19:15:04.500Z', '2026-11-22T20:15:04.500Z', '', 0, undefined]);
  expect(shown({ timeFrom: '2h' })).toEqual(['2026-11-22T18:15:04.500Z', '2026-11-22T20:15:04.500Z', 'Last 2 hours', 0, undefined]);
  expect(shown({ timeFrom: 'now/d' })).toEqual(['2026-11-22T00:00:00Z', '2026-11-22T23:59:59.999Z', 'Today', 0, undefined]);
  expect(shown({ timeShift: '1d' })).toEqual(['2026-11-21T19:15:04.500Z', '2026-11-21T20:15:04.500Z', 'timeshift -1d', 86_400_000, undefined]);
  expect(shown({ timeFrom: '2h', timeShift: '1h', hideTimeOverride: true })).toEqual(['2026-11-22T17:15:04.500Z', '2026-11-22T19:15:04.500Z', '', 3_600_000, undefined]);
  // Dates that someone chose hold for all panels.
  expect(shown({ timeFrom: '2h' }, { ...dashboard, raw: { from: String(now - 3_600_000), to: String(now) } })[0]).toBe('2026-11-22T19:15:04.500Z');
  expect(shown({ timeFrom: 'soon' })[4]).toMatch(/^The panel’s own range `soon`/);
  expect(shown({ timeShift: 'soon' })[4]).toBe('The panel’s shift `soon` is no number with a unit, such as `1d`');
});

test('lengths are read, written and rounded to steps that people like', () => {
  expect(['15s', '>1m', '1h30m', '2', '500ms', '1.5h', 'x', ''].map(lengthMs)).toEqual([15_000, 60_000, 5_400_000, 2_000, 500, 5_400_000, null, null]);
  expect([15_000, 90_000, 120_000, 3_600_000, 86_400_000, 250, 604_800_000].map(lengthText)).toEqual(['15s', '90s', '2m', '1h', '1d', '250ms', '7d']);
  expect([9, 14, 3_499, 3_500, 21_600, 86_399_999, 2_000_000_000].map(niceInterval)).toEqual([1, 10, 2_000, 5_000, 20_000, 86_400_000, 2_592_000_000]);
});
