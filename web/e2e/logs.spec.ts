import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

/** Lines that are always there: in the demo the sample service writes one for each request. */
const service = '{service_name="phoenix-api"}';
const logs = (query: string, more = '') => `/logs?q=${encodeURIComponent(query)}${more}`;

test('begins with who wrote how much, and a click shows the lines', async ({ page }) => {
  await page.goto('/logs');
  await page.getByRole('button', { name: 'service_name', exact: true }).click();
  await page.getByRole('button', { name: /^phoenix-api/ }).click();
  await expect(page).toHaveURL(/q=%7Bservice_name%3D%22phoenix-api%22%7D/);
  await expect(page.getByRole('listitem').filter({ hasText: 'request done' }).first()).toBeVisible();
  await expect(page.getByRole('figure')).toContainText('info');
});

test('a line opens to its labels, and they filter', async ({ page }) => {
  // Among its lines are some of libraries, without a status.
  await page.goto(logs(`${service} |= "request done" | json`));
  const line = page.locator('.log-line').first();
  await line.click();
  await expect(page.getByRole('heading', { name: 'Fields of the line' })).toBeVisible();
  await page.getByRole('button', { name: /^Only lines with status=/ }).first().click();
  await expect(page).toHaveURL(/json\+%7C\+status%3D%22\d+%22/);
  await expect(page.locator('.log-line').first()).toBeVisible();
  await expectNoSeriousFinding(page);
});

test('a link leads to one line and marks it', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(logs(service));
  await page.locator('.log-line').nth(1).click();
  await page.getByRole('button', { name: 'Copy link to this line' }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain('at=');
  await page.goto(link);
  await expect(page.locator('.log-row.target')).toBeVisible();
  await page.getByRole('button', { name: 'Lines around it' }).click();
  await expect(page.getByRole('group', { name: 'Lines around it' }).locator('[aria-current]')).toHaveCount(1);
});

test.describe('a wrong query', () => {
  test.use({ allowed: '400' });
  test('is answered with the place of the mistake', async ({ page }) => {
    await page.goto(logs(`${service} || json`));
    await expect(page.getByRole('alert')).toContainText('parse error at line 1, col');
  });
});

test('tells of streams when no line passes', async ({ page }) => {
  await page.goto(logs(`${service} |= "no line says this"`));
  await expect(page.getByText('No line matches')).toBeVisible();
  await expect(page.getByText(/match(es)? the selector/)).toBeVisible();
});

test('numbers go to Explore, and lines from Explore come here', async ({ page }) => {
  const count = `sum by (detected_level) (count_over_time(${service}[1m]))`;
  await page.goto(logs(count));
  await page.getByRole('link', { name: 'Show it as a chart in Explore' }).click();
  await expect(page).toHaveURL(/\/explore\?/);
  await expect(page.getByRole('button', { name: /detected_level="info"/ }).first()).toBeVisible();
});

test('lines can be laid out and taken along', async ({ page }) => {
  await page.goto(logs(service));
  await page.getByRole('switch', { name: 'Lay out JSON' }).click();
  await expect(page.locator('.log-text').first()).toContainText('"message"');
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  await page.getByRole('menuitem', { name: 'Table (CSV)' }).click();
  expect((await waiting).suggestedFilename()).toMatch(/\.csv$/);
});

test('live tail shows lines as they come', async ({ page }) => {
  test.skip(process.env.PHOENIX_URL === undefined, 'the mock has no live tail');
  await page.goto(logs(service));
  await page.getByRole('button', { name: 'Live tail' }).click();
  await expect(page.locator('.log-line').first()).toBeVisible();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('button', { name: /^Go on/ })).toBeVisible();
  await page.getByRole('button', { name: 'Stop live tail' }).click();
  await expect(page.getByRole('button', { name: 'Live tail' })).toBeVisible();
});
