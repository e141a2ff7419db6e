import { expect, test } from 'vitest';
import { rangeOfText, textOfRange } from './time-text';

const now = Date.UTC(2026, 2, 10, 12);

test.each([
  ['what follows the present', { from: 'now-6h', to: 'now' }, '{"from":"now-6h","to":"now"}'],
  ['moments', { from: '1773140400000', to: '1773144000000' }, '{"from":"2026-03-10T11:00:00.000Z","to":"2026-03-10T12:00:00.000Z"}'],
])('%s comes back as it was', (_, raw, text) => {
  expect(textOfRange(raw)).toBe(text);
  expect(rangeOfText(text, now, 'Europe/Berlin')).toEqual({ raw });
});

test.each([
  ['numbers', '{"from":1773140400000,"to":1773144000000}', { from: '1773140400000', to: '1773144000000' }],
  ['two times', ' now-7d/d to now-1d/d ', { from: 'now-7d/d', to: 'now-1d/d' }],
  ['dates of the zone', '2026-03-10 12:00:00 to 2026-03-10 13:00:00', { from: '1773140400000', to: '1773144000000' }],
  ['half of it relative', '{"from":"2026-03-10T11:00:00.000Z","to":"now"}', { from: '1773140400000', to: 'now' }],
])('%s are read', (_, text, raw) => expect(rangeOfText(text, now, 'Europe/Berlin')).toEqual({ raw }));

test.each([
  ['nothing', '', 'no range'],
  ['other words', 'to be or not', 'no range'],
  ['one side', '{"from":"now-1h"}', 'no range'],
  ['no JSON object', '[1, 2]', 'no range'],
  ['null', 'null', 'no range'],
  ['too long', `${' '.repeat(10)}now-1h to ${'x'.repeat(2_000)}`, 'no range'],
  ['backwards', 'now to now-1h', 'ends before it begins'],
  ['a time that is none', 'yesterday-ish to now', 'yesterday-ish'],
])('%s is told', (_, text, words) => expect(rangeOfText(text, now, 'UTC').error).toContain(words));
