import { expect, test } from './page';

test('from a stopped service to a page, an acknowledgement and recovery', async ({ page, request }) => {
  const home = (await (await request.get('/api/phoenix/v1/home')).json()) as { demo: boolean };
  test.skip(!home.demo, 'needs `phoenix demo`');
  test.setTimeout(240_000);
  await page.goto('/');
  const fault = page.getByRole('switch', { name: 'Stop the sample service' });
  // The switch turns when the server has answered, so it is clicked rather than checked.
  if (!(await fault.isChecked())) await fault.click({ force: true });
  await expect(fault).toBeChecked();
  // The incident appears by itself, through the server's events.
  const opened = page.getByRole('link', { name: /^INC-\d+ .*PhoenixAPIDown/ }).first();
  await expect(opened).toBeVisible({ timeout: 90_000 });
  await opened.click();
  await expect(page.getByText('Paged', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('.u-over')).toBeVisible();

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

  await page.goto('/');
  await fault.click({ force: true });
  await expect(fault).not.toBeChecked();
  await page.goto(address);
  await expect(page.getByText('Resolved', { exact: true }).first()).toBeVisible({ timeout: 90_000 });
  await expect(page.getByRole('button', { name: 'Acknowledge' })).toHaveCount(0);
});
