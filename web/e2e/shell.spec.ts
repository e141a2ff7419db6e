import { expect, test } from './page';

test('keys lead to pages, to the help and to the filter', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Home');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Alerts');
  await page.keyboard.press('/');
  await page.keyboard.type('ga');
  await expect(page).toHaveURL(/q=ga/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toBeVisible();
  await help.getByRole('switch', { name: 'Single-key shortcuts' }).click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Alerts');
});

test('the first tab stop skips the navigation', async ({ page }) => {
  await page.goto('/rules');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rules');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
});

test.describe('colours', () => {
  test.use({ colorScheme: 'light' });
  test('follow the system until chosen, and stay chosen', async ({ page }) => {
    await page.goto('/status');
    const scheme = page.locator('html');
    await expect(scheme).toHaveAttribute('data-mantine-color-scheme', 'light');
    await page.getByRole('button', { name: /^Colours/ }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await expect(scheme).toHaveAttribute('data-mantine-color-scheme', 'dark');
    await page.reload();
    await expect(scheme).toHaveAttribute('data-mantine-color-scheme', 'dark');
  });
});

for (const [from, to, heading] of [
  ['/graph?g0.expr=up&g0.tab=1', /\/explore\?q0=up&tab=table/, 'Explore'],
  ['/#/silences', /\/silences$/, 'Silences'],
  ['/#/silences/new?filter=%7Balertname%3D%22X%22%7D', /\/silences\/new\?filter=/, 'New silence'],
  ['/#/alerts', /\/alerts\?tab=notifications/, 'Alerts'],
  ['/classic/rules', /\/rules$/, 'Rules'],
  ['/config', /\/status\?tab=config/, 'Status'],
  ['/service-discovery', /\/targets\?show=discovered/, 'Targets'],
] as const) {
  test(`the old link ${from} still works`, async ({ page }) => {
    await page.goto(from);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading);
    await expect(page).toHaveURL(to);
  });
}

test.describe('what is not there', () => {
  test.use({ allowed: '404' });
  test('an unknown incident shows the server’s words', async ({ page }) => {
    await page.goto('/incidents/INC-999999');
    await expect(page.getByText(/INC-999999/).last()).toBeVisible();
    await expect(page.getByRole('link', { name: 'All incidents' })).toBeVisible();
  });
});
