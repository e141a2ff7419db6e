import type { Seen } from '../../gallery/case';
import { cases } from '../../gallery/cases';
import { expect, shownCase, test } from './gallery';
import { readers } from './readers';

const told = cases.filter(({ seen }) => seen !== undefined);
const families = [...new Set(told.map(({ name }) => name.split(':')[0]!))];

/** Fractions are compared to nine digits. */
const rounded = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Math.round(each * 1e9) / 1e9 : each)));

for (const family of families) {
  const members = told.filter(({ name }) => name.startsWith(`${family}:`));
  test(`what is seen of ${family}`, async ({ page, open }) => {
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
