import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';
import { views } from './views';

for (const view of views) {
  test(`${view.name} has its heading, no serious finding of axe in light and dark, and room on a phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.goto(view.path);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(view.heading);
    await expect(page).toHaveTitle(/Phoenix$/);
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
    await page.waitForTimeout(200);
    await expectNoSeriousFinding(page);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
    await page.waitForTimeout(300);
    await expectNoSeriousFinding(page);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`what opens, in ${colorScheme}`, () => {
    test.use({ colorScheme });
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
  test('the menu leads to other pages', async ({ page }) => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Targets' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Targets');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
});
