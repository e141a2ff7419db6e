import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reducers } from './display';
import { panelKinds } from './panels/registry';
import { otherUnitIds, unitIds } from './display/units';
import { transformationIds } from './transform';

/** What the server's report takes for shown: it must not promise what is not done here, nor tell of what is. */
const source = (file: string) => readFileSync(new URL(`../../../crates/dashboard/src/report/${file}.rs`, import.meta.url), 'utf8');
const text = source('honoured') + source('units');
const listed = (name: string) => {
  const found = new RegExp(`const ${name}: \\[&str; \\d+\\] = \\[([^\\]]*)\\]`).exec(text)?.[1] ?? '';
  return [...found.matchAll(/"([^"]+)"/g)].map(([, id]) => id!).sort();
};

describe('the report of the server knows what is shown', () => {
  test('transformations', () => expect(listed('TRANSFORMATIONS')).toEqual([...transformationIds].sort()));
  test('kinds of panels', () => {
    const kinds = [...text.matchAll(/Kind \{\s*id: "([^"]+)"/g)].map(([, id]) => id!);
    expect(kinds.filter((id) => id !== 'row').sort()).toEqual(Object.keys(panelKinds).sort());
  });
  test('units', () => expect(listed('UNITS')).toEqual([...new Set([...unitIds.map(({ id }) => id), ...Object.keys(otherUnitIds)])].sort()));
  test('calculations', () => {
    const named = reducers.map(({ id }) => id).filter((id) => !/^p\d+$/.test(id));
    expect(listed('CALCULATIONS')).toEqual(named.sort());
  });
});
