import type { Locator, Page } from '@playwright/test';
import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

test.beforeEach(async ({ request }) => {
  const home = (await (await request.get('/api/phoenix/v1/home')).json()) as { demo: boolean };
  test.skip(!home.demo, 'needs `phoenix demo`');
  test.setTimeout(240_000);
});

/** Turns the fault on or off. The switch turns when the server has answered, so it is clicked rather than checked. */
async function turnFault(page: Page, on: boolean) {
  await page.goto('/');
  const fault = page.getByRole('switch', { name: 'Stop the sample service' });
  await expect(fault).toBeVisible();
  // A click may be lost while the page is still being put together.
  await expect(async () => {
    if ((await fault.isChecked()) !== on) await fault.click({ force: true });
    await expect(fault).toBeChecked({ checked: on, timeout: 10_000 });
  }).toPass({ timeout: 60_000 });
}

/** The incident as Home lists it, once somebody has been paged for it anew. */
const openIncident = (page: Page): Locator => page.locator('.incident-line').filter({ hasText: /open/ }).getByRole('link', { name: /^INC-\d+ .*PhoenixAPIDown/ }).first();

test('from a stopped service to a page, an acknowledgement and recovery', async ({ page }) => {
  await turnFault(page, true);
  // The incident appears by itself, through the server's events.
  const opened = openIncident(page);
  await expect(opened).toBeVisible({ timeout: 90_000 });

  await page.getByRole('navigation').getByRole('link', { name: /^Targets/ }).click();
  await expect(page.getByText('down', { exact: true }).first()).toBeVisible();
  await expect(page.locator('main .tone-bad').filter({ hasText: /refused|error/i }).first()).toBeVisible();
  await page.getByRole('navigation').getByRole('link', { name: /^Alerts/ }).click();
  await expect(page.getByText('firing', { exact: true }).first()).toBeVisible();
  await page.getByRole('link', { name: 'Silence this' }).first().click();
  await expect(page.getByLabel('Value of matcher 1')).toHaveValue('PhoenixAPIDown');
  await expect(page.getByRole('heading', { name: 'Alerts this silences now' })).toBeVisible();

  await page.goto('/');
  await opened.click();
  await expect(page.getByText('Paged', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.u-over')).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(300);
    await expectNoSeriousFinding(page);
  }

  await page.getByRole('button', { name: 'Acknowledge' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Acknowledge' }).click();
  await expect(dialog.getByText(/Say who you are/)).toBeVisible();
  await dialog.getByLabel('Your name').fill('ada');
  await dialog.getByLabel('Note').fill('Looking at it');
  await dialog.getByRole('button', { name: 'Acknowledge' }).click();
  await expect(page.getByText(/acknowledged by ada/).first()).toBeVisible();
  await page.getByRole('textbox', { name: 'Note' }).fill('Started it again');
  await page.getByRole('button', { name: 'Add note' }).click();
  await expect(page.getByText('Started it again')).toBeVisible();
  const address = page.url();

  await page.goto('/inbox');
  await expect(page.getByRole('article')).toContainText(/INC-\d+|PhoenixAPIDown/);

  await turnFault(page, false);
  await page.goto(address);
  await expect(page.getByText('Resolved', { exact: true }).first()).toBeVisible({ timeout: 90_000 });
  await expect(page.getByRole('button', { name: 'Acknowledge' })).toHaveCount(0);
});

test('the link in the mail shows the incident, acts by its button alone, and once', async ({ page, context, request }) => {
  test.skip(!process.env.PHOENIX_URL, 'needs the real program');
  await turnFault(page, true);
  await expect(openIncident(page)).toBeVisible({ timeout: 90_000 });
  const incident = (await openIncident(page).getAttribute('href'))!;
  // The newest page is about this round of the incident.
  const state = async () => ((await (await request.get(`/api/phoenix/v1${incident}`)).json()) as { state: string }).state;
  const pages = async () => ((await (await request.get(`/api/phoenix/v1${incident}`)).json()) as { pages: { sent_at: string | null }[] }).pages.every((each) => each.sent_at);
  await expect.poll(pages, { timeout: 60_000 }).toBe(true);

  await page.goto('/inbox');
  await page.getByRole('link', { name: /\[INC-\d+\]/ }).first().click();
  const popup = context.waitForEvent('page');
  await page.frameLocator('iframe').getByRole('link', { name: 'Acknowledge' }).click();
  const form = await popup;
  await expect(form.getByRole('heading', { name: /^Acknowledge INC-\d+\?/ })).toBeVisible();
  await expectNoSeriousFinding(form);
  expect(await state()).toBe('open');
  await form.getByLabel('Who are you?').fill('grace');
  await form.getByRole('button', { name: 'Acknowledge' }).click();
  await expect(form.getByRole('heading', { name: /is acknowledged$/ })).toBeVisible();
  expect(await state()).toBe('acknowledged');
  await form.getByRole('link', { name: 'The incident' }).click();
  await expect(form.getByText(/acknowledged by grace/).first()).toBeVisible();
  const secondPopup = context.waitForEvent('page');
  await page.frameLocator('iframe').getByRole('link', { name: 'Acknowledge' }).click();
  const again = await secondPopup;
  await expect(again.getByRole('heading', { name: /already acknowledged by grace/ })).toBeVisible();

  await turnFault(page, false);
  await expect.poll(state, { timeout: 90_000 }).toBe('resolved');
  await page.goto('/');
  await expect(page.getByText('Nothing is wrong')).toBeVisible({ timeout: 60_000 });
});

test('every fault is on Home with its alert, and one that is begun there is seen and ends', async ({ page, request }) => {
  test.skip(!process.env.PHOENIX_URL, 'needs the real program');
  const { faults } = (await (await request.get('/api/phoenix/v1/demo')).json()) as { faults: { name: string; title: string; expected_alert: string }[] };
  await page.goto('/');
  const panel = page.getByRole('region', { name: 'Demo' });
  await panel.getByText(/^More faults/).click();
  for (const fault of faults) {
    await expect(panel.getByRole('switch', { name: fault.title })).toBeVisible();
    await expect(panel.getByRole('link', { name: fault.expected_alert }).first()).toBeVisible();
  }
  await expectNoSeriousFinding(page);
  const fault = faults.find(({ name }) => name === 'certificate-expiring')!;
  const turned = panel.getByRole('switch', { name: fault.title });
  await turned.click({ force: true });
  await expect(turned).toBeChecked({ timeout: 30_000 });
  const alert = page.getByRole('region', { name: 'What is wrong now' }).getByRole('cell', { name: fault.expected_alert });
  await expect(alert).toBeVisible({ timeout: 90_000 });
  await turned.click({ force: true });
  await expect(turned).not.toBeChecked({ timeout: 30_000 });
  await expect(alert).toHaveCount(0, { timeout: 90_000 });
});
