import { expect, test } from 'vitest';
import { isSafeUrl } from './safe-url';

test.each([
  ['/d/abc', true],
  ['d/abc?x=1', true],
  ['https://example.org/a', true],
  ['mailto:a@example.org', true],
  ['javascript:alert(1)', false],
  [' JavaScript:alert(1)', false],
  ['java\tscript:alert(1)', false],
  ['data:text/html,x', false],
  ['vbscript:x', false],
  ['http://[', false],
  ['', false],
])('%j may be followed: %s', (url, safe) => expect(isSafeUrl(url)).toBe(safe));
