import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { expect, test } from './page';
import { views } from './views';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const run = (window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } }).axe;
          const { violations } = await run.run({ resultTypes: ['violations'] });
          return violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join('\n  ')}`);
        });
        expect(found).toEqual([]);
      });
    }
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
