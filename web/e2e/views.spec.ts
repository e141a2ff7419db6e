import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';
import { expect, test } from './page';
import { views } from './views';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function expectNoSeriousFinding(page: Page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe;
    const { violations } = await run.run({ resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join('\n  ')}`);
  });
  expect(found).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });
    for (const view of views) {
      test(`${view.name} has its heading and no serious finding of axe`, async ({ page }) => {
        await page.goto(view.path);
        await expect(page.getByRole('heading', { level: 1 })).toHaveText(view.heading);
        await expect(page).toHaveTitle(/Phoenix$/);
        await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
        await page.waitForTimeout(300);
        await expectNoSeriousFinding(page);
      });
    }
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`what opens, in ${colorScheme}`, () => {
    test.use({ colorScheme });
    test('an incident has no serious finding of axe', async ({ page, request }) => {
      const { incidents } = (await (await request.get('/api/phoenix/v1/incidents')).json()) as { incidents: { id: string }[] };
      test.skip(incidents.length === 0, 'there is no incident yet');
      await page.goto(`/incidents/${incidents[0]!.id}`);
      await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      await expectNoSeriousFinding(page);
    });

    test('the steps of relabelling have none', async ({ page }) => {
      await page.goto('/targets');
      await page.getByRole('button', { name: 'Relabelling' }).first().click();
      await expect(page.getByRole('heading', { name: 'Discovered', exact: true })).toBeVisible();
      await page.waitForTimeout(400);
      await expectNoSeriousFinding(page);
    });

    test('the choice of a time range has none', async ({ page }) => {
      await page.goto('/explore?q0=up');
      await page.getByRole('button', { name: 'Last 1h' }).click();
      await expect(page.getByLabel('From')).toBeVisible();
      await page.waitForTimeout(400);
      await expectNoSeriousFinding(page);
      await page.getByRole('button', { name: 'Last 15m' }).click();
      await expect(page).toHaveURL(/range=15m/);
    });
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 } });
  for (const view of views) {
    test(`${view.name} is no wider than the screen`, async ({ page }) => {
      await page.goto(view.path);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(view.heading);
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    });
  }

  test('the menu leads to other pages', async ({ page }) => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Targets' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Targets');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
});
