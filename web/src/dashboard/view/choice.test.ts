import { expect, test } from 'vitest';
import { toggled } from './choice';

test.each<[string[], string, boolean, string[]]>([
  [['$__all'], 'a', true, ['a']],
  [['a'], 'b', true, ['a', 'b']],
  [['a', 'b'], 'a', true, ['b']],
  [['a'], 'a', true, ['$__all']],
  [['a'], 'a', false, []],
  [['a', 'b'], '$__all', true, ['$__all']],
])('%j and a click on %s (all: %s) is %j', (chosen, value, includeAll, expected) => expect(toggled(chosen, value, includeAll)).toEqual(expected));
