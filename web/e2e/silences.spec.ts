import { expect, test } from './page';

test('a silence is made, changed and expired', async ({ page }) => {
  const name = `Test${Date.now()}`;
  await page.goto(`/silences/new?filter=${encodeURIComponent(`{alertname="${name}"}`)}`);
  await expect(page.getByLabel('Value of matcher 1')).toHaveValue(name);
  await expect(page.getByText(/None of the present alerts/)).toBeVisible();
  await page.getByRole('button', { name: 'Create silence' }).click();
  await expect(page.getByText(/Say why/)).toBeVisible();
  await page.getByLabel('Your name').fill('ada');
  await page.getByRole('textbox', { name: 'Why' }).fill('A test of the silences');
  await page.getByRole('button', { name: '30m' }).click();
  await page.getByRole('button', { name: 'Create silence' }).click();
  await expect(page).toHaveURL(/\/silences\/[^/?]+$/);
  await expect(page.getByText('A test of the silences')).toBeVisible();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Why' }).fill('Another reason');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Another reason')).toBeVisible();
  await page.getByRole('button', { name: 'Expire' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Expire' }).click();
  await expect(page.getByText('expired')).toBeVisible();
  await page.goto(`/silences?state=expired&q=${name}`);
  await expect(page.getByText('Another reason')).toBeVisible();
  await page.goto('/silences/new');
  await expect(page.getByLabel('Your name')).toHaveValue('ada');
});

test('a silence for everything is refused', async ({ page }) => {
  await page.goto('/silences/new?filter=%7Bjob%3D~%22.*%22%7D');
  await expect(page.getByText(/match every alert/)).toBeVisible();
});
