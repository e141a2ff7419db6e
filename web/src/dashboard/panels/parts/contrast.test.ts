import { expect, test } from 'vitest';
import { contrast } from '../../display';
import { inkOf } from './contrast';

test.each<[color: string | undefined, size: number, isDark: boolean, is: string | null]>([
  ['#56a64b', 40, false, '#56a64b'],
  ['#000080', 13, false, '#000080'],
  ['#f2cc0c', 13, true, '#f2cc0c'],
  [undefined, 13, false, 'var(--text)'],
  ['var(--accent)', 13, false, 'var(--accent)'],
  // Darker or lighter, until it can be read.
  ['#56a64b', 13, false, null],
  ['#f2cc0c', 13, false, null],
  ['#1250b0', 13, true, null],
  ['#ffffff', 13, false, null],
  ['#151d1f', 13, true, null],
])('%s at %i pixels, dark %s', (color, size, isDark, is) => {
  const ink = inkOf(color, size, isDark);
  if (is !== null) expect(ink).toBe(is);
  else {
    expect(ink).not.toBe(color);
    expect(contrast(ink, isDark ? '#151d1f' : '#ffffff')).toBeGreaterThanOrEqual(4.5);
  }
});
