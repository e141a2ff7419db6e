import type { Seen } from '../../gallery/case';
import { cases } from '../../gallery/cases';
import { expect, shownCase, test } from './gallery';
import { readers } from './readers';

const told = cases.filter(({ seen }) => seen !== undefined);
/** Families of a few cases share a page: to load one takes longer than to read it. */
const fewest = 6;
const familyOf = ({ name }: { name: string }) => name.split(':')[0]!;
const groupOf = (one: { name: string }) => (told.filter((other) => familyOf(other) === familyOf(one)).length < fewest ? 'the other families' : familyOf(one));
const groups = [...new Set(told.map(groupOf))];

/** Fractions are compared to nine digits. */
const rounded = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Math.round(each * 1e9) / 1e9 : each)));

for (const group of groups) {
  const members = told.filter((one) => groupOf(one) === group);
  test(`what is seen of ${group}`, async ({ page, open }) => {
    await page.setViewportSize({ width: 1280, height: 1000 });
    await open(members.map(({ name }) => name));
    for (const one of members) {
      const panel = shownCase(page, one.name);
      await panel.scrollIntoViewIfNeeded();
      for (const key of Object.keys(one.seen!) as (keyof Seen)[]) {
        expect.soft(rounded(await readers[key](panel, one, page)), `${one.name}: ${key}`).toEqual(rounded(one.seen![key]));
      }
    }
  });
}
