/** Tests of panels with made-up data: the gallery is built and served for them. */

import type { Locator, Page } from '@playwright/test';
// @ts-expect-error -- a script of its own, without types
import { serveGallery, settled } from '../../gallery/serve.mjs';
import type { Case } from '../../gallery/case';
import { hour, start } from '../../gallery/case';
import { cases } from '../../gallery/cases';
import type { ChartReading } from '../../src/dashboard/panels/reading';
import { expect, test as base } from '../page';

interface Served {
  url: string;
  close: () => Promise<void>;
}

/** `open` shows the cases of these names; the page has no server behind it. */
export const test = base.extend<{ open: (names: string[], theme?: 'light' | 'dark') => Promise<void> }, { gallery: Served }>({
  gallery: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of what a fixture needs
    async ({}, use) => {
      const gallery = (await serveGallery()) as Served;
      await use(gallery);
      await gallery.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  open: async ({ page, gallery }, use) => {
    await use(async (names, theme = 'light') => {
      // An hour after the data began: what is told in distances from now stays the same.
      await page.clock.setFixedTime(start + hour);
      const asked = new URLSearchParams([['theme', theme], ...names.map((name) => ['only', name])]);
      await page.goto(`${gallery.url}?${asked}`);
      await settled(page);
      await expect(page.locator('[data-case]')).toHaveCount(names.length);
      await expect(page.locator('.note.bad')).toHaveCount(0);
    });
  },
});

export { expect };

export const caseOf = (name: string): Case => cases.find((one) => one.name === name)!;

/** The panel of a case, without its heading. */
export const shownCase = (page: Page, name: string): Locator => page.locator(`[data-case="${name}"] .gallery-panel`);

/** What the chart in it says of itself. */
export const reading = (within: Locator): Promise<ChartReading> => within.locator('[data-chart]').first().evaluate((node) => (node as HTMLElement & { __chart: () => ChartReading }).__chart());

/** The tooltip's lines. */
export const tipLines = async (page: Page): Promise<string[]> => (await page.locator('.panel-tip').innerText()).split('\n').filter((line) => line !== '×' && line !== '');
