import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

/** A dashboard of the test's own, so that tests do not meet in one. */
const board = (title: string) => ({
  dashboard: {
    title,
    panels: [1, 2].map((id) => ({
      id,
      type: 'timeseries',
      title: id === 1 ? 'First' : 'Second',
      gridPos: { x: (id - 1) * 12, y: 0, w: 12, h: 8 },
      datasource: { type: 'prometheus', uid: 'prometheus' },
      targets: [{ refId: 'A', datasource: { type: 'prometheus', uid: 'prometheus' }, expr: 'up' }],
      fieldConfig: { defaults: { custom: {} }, overrides: [] },
      options: {},
    })),
  },
});

test('a dashboard is changed, saved, compared and restored', async ({ page, request }) => {
  const made = await (await request.post('/api/phoenix/v1/dashboards', { data: board(`Edited ${Date.now()}`) })).json();
  const { uid } = made.meta;
  await page.goto(`/d/${uid}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();

  // The keyboard moves a panel past what lies below it, and Shift makes it wider.
  const handle = page.getByRole('button', { name: 'Move First' });
  await handle.focus();
  await handle.press('Shift+ArrowRight');
  await expect.poll(() => page.getByRole('button', { name: 'Undo' }).isEnabled()).toBe(true);

  // The panel editor: title, unit and query, with the panel following.
  await page.getByRole('button', { name: 'Menu of First' }).click();
  await page.getByRole('menuitem', { name: /^Edit/ }).click();
  await expect(page).toHaveURL(/editPanel=1/);
  await page.getByLabel('Title', { exact: true }).fill('Targets');
  await expect(page.getByRole('heading', { name: 'Targets' })).toBeVisible();
  await expectNoSeriousFinding(page);
  await page.locator('summary', { hasText: /^Values$/ }).click();
  await page.getByLabel('Decimals').fill('3');
  await page.getByRole('button', { name: 'Back to the dashboard' }).click();

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('fieldConfig.defaults.decimals')).toBeVisible();
  await dialog.getByLabel('What changed, for others').fill('three decimals');
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog).toBeHidden();
  const saved = await (await request.get(`/api/phoenix/v1/dashboards/${uid}`)).json();
  expect(saved.meta.version).toBe(made.meta.version + 1);
  const first = saved.dashboard.panels.find(({ id }: { id: number }) => id === 1);
  expect([first.title, first.gridPos.w, first.fieldConfig.defaults.decimals]).toEqual(['Targets', 13, 3]);

  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Versions' }).click();
  await expect(page.getByText('three decimals')).toBeVisible();
  await page.getByRole('button', { name: 'Compare' }).first().click();
  await expect(page.getByRole('cell', { name: 'Targets', exact: true }).first()).toBeVisible();
  await page.getByRole('button', { name: /Make version \d+ the present one/ }).click();
  await expect(page.getByRole('heading', { name: 'First' })).toBeVisible();
});

test('a panel and a variable are added; what is not saved can be given up', async ({ page, request }) => {
  const made = await (await request.post('/api/phoenix/v1/dashboards', { data: board(`Added ${Date.now()}`) })).json();
  await page.goto(`/d/${made.meta.uid}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Panel' }).click();
  await expect(page).toHaveURL(/editPanel=3/);
  await page.getByLabel('Shown as').selectOption({ label: 'Stat' });
  await page.getByRole('button', { name: 'Back to the dashboard' }).click();
  await expect(page.getByRole('heading', { name: 'New panel' })).toBeVisible();

  await page.getByRole('button', { name: 'Settings' }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('Variables', { exact: true }).click();
  await drawer.getByRole('button', { name: 'Variable', exact: true }).click();
  await drawer.getByLabel('Name').fill('a b');
  await expect(drawer.getByText(/Letters, digits and _/)).toBeVisible();
  await drawer.getByLabel('Name').fill('where');
  await drawer.getByLabel('Kind').selectOption({ label: 'A list of values' });
  await page.keyboard.press('Escape');
  await expect(page.getByRole('group', { name: 'Variables' }).getByText('where')).toBeVisible();

  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('button', { name: 'Give them up' }).click();
  await expect(page.getByRole('heading', { name: 'New panel' })).toBeHidden();
  expect((await (await request.get(`/api/phoenix/v1/dashboards/${made.meta.uid}`)).json()).meta.version).toBe(made.meta.version);
});
