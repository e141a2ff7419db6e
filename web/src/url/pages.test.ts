import { expect, test } from 'vitest';
import { pathMatches } from './pages';

test.each<[string, string, boolean]>([
  ['/', '/', true],
  ['/', '/logs', false],
  ['/logs', '/logs/', true],
  ['/d/:uid/:slug?', '/d/abc', true],
  ['/d/:uid/:slug?', '/d/abc/name', true],
  ['/d/:uid/:slug?', '/d/abc/name/more', false],
  ['/traces/:id', '/traces', false],
  ['/traces/:id', '/traces/0a', true],
])('%s at %s: %s', (pattern, path, is) => expect(pathMatches(pattern, path)).toBe(is));
