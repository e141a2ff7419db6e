import { expect, test } from './page';

test('a typed expression is completed, drawn, and kept in the address', async ({ page }) => {
  // A short range has close steps, so that a server started seconds ago has points too.
  await page.goto('/explore?range=5m');
  const editor = page.getByRole('textbox', { name: 'Query A' });
  // A plain field stands in the editor's place until its script has come, and completes nothing.
  await expect(page.locator('.cm-content')).toBeVisible();
  await expect(async () => {
    await editor.fill('');
    await editor.click();
    await page.keyboard.type('u');
    await expect(editor).toHaveText('u', { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await expect(page.getByRole('option', { name: /^up/ }).first()).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.type('p');
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/q0=up/);
  await expect(page.locator('.u-over')).toBeVisible();
  await expect(page.getByRole('button', { name: /up\{/ }).first()).toHaveAttribute('aria-pressed', 'true');
  await page.getByText('Table', { exact: true }).click();
  await expect(page).toHaveURL(/tab=table/);
  await expect(page.getByRole('region', { name: 'Result' }).getByRole('cell', { name: '1', exact: true }).first()).toBeVisible();
  await page.reload();
  await expect(editor).toHaveText('up');
  await expect(page.getByRole('region', { name: 'Result' }).getByRole('row').nth(1)).toContainText('up{');
});

test('queries are added, hidden and removed', async ({ page }) => {
  await page.goto('/explore?q0=up');
  await page.getByRole('button', { name: 'Add query' }).click();
  await expect(page.locator('.cm-content')).toHaveCount(2);
  await page.getByRole('textbox', { name: 'Query B' }).click();
  await page.keyboard.type('1 + 1');
  await page.getByRole('button', { name: 'Run' }).click();
  await expect(page).toHaveURL(/q1=1/);
  await page.getByRole('button', { name: 'Hide Query A' }).click();
  await expect(page).toHaveURL(/off0=1/);
  await page.getByRole('button', { name: 'Remove Query A' }).click();
  await expect(page.getByRole('textbox', { name: 'Query A' })).toHaveText('1 + 1');
  await page.goBack();
  await expect(page.getByRole('textbox', { name: 'Query A' })).toHaveText('up');
});

test('a legend entry hides its line, dragging zooms, and the way back is open', async ({ page }) => {
  await page.goto('/explore?q0=up&range=1h');
  const entry = page.getByRole('button', { name: /up\{/ }).first();
  await entry.click();
  await expect(entry).toHaveAttribute('aria-pressed', 'false');
  const plot = page.locator('.u-over');
  const box = (await plot.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.45, box.y + 70);
  await page.mouse.move(box.x + box.width * 0.5, box.y + 80, { steps: 3 });
  await expect(page.locator('.chart-tip')).toBeVisible();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 90, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/end=/);
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect(page).not.toHaveURL(/end=/);
});

test('a chart can be read as a table', async ({ page }) => {
  await page.goto('/explore?q0=up&range=5m');
  await page.getByText('The chart as a table').click();
  await expect(page.getByRole('region', { name: 'Values of the chart' }).getByRole('row').nth(3)).toBeVisible();
});

test.describe('mistakes', () => {
  test.use({ allowed: '400|422' });
  test('are underlined where they are, after a letter of two bytes too, and the server’s words are shown', async ({ page }) => {
    await page.goto('/explore');
    await expect(page.locator('.cm-content')).toBeVisible();
    await page.getByRole('textbox', { name: 'Query A' }).click();
    await page.keyboard.insertText('up{job="ü"} + sum((up)');
    await expect(page.locator('.cm-lintRange-error')).toBeVisible();
    await page.getByRole('button', { name: 'Run' }).click();
    await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
  });

  test('what is wrong with a query in another language is told', async ({ page }) => {
    await page.goto('/explore?q0=up&lang0=traceql');
    await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
    await expect(page).toHaveURL(/lang0=traceql/);
  });
});
