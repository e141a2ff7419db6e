import type { Page } from '@playwright/test';
import { answerQueries, measured } from './dashboard-data/answers';
import { expect, test } from './page';

const prometheus = { type: 'prometheus', uid: 'prometheus' };
const board = (title: string) => ({
  dashboard: {
    title,
    time: { from: 'now-1h', to: 'now' },
    panels: [{ id: 1, type: 'timeseries', title: 'First', gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: prometheus, targets: [{ refId: 'A', datasource: prometheus, expr: 'up' }], fieldConfig: { defaults: { custom: {} }, overrides: [] }, options: {} }],
  },
});

/** A clipboard that holds what was written to it; that of the machine is not the test's. */
async function withClipboard(page: Page, text = '') {
  await page.addInitScript((held) => {
    let kept = held;
    const clipboard = { writeText: async (next: string) => void (kept = next), readText: async () => kept };
    Object.defineProperty(navigator, 'clipboard', { value: clipboard });
    Object.assign(window, { clipboardText: () => kept });
  }, text);
}
const held = (page: Page) => page.evaluate(() => (window as unknown as { clipboardText: () => string }).clipboardText());
const press = async (page: Page, keys: string) => {
  for (const key of keys.split(' ')) await page.keyboard.press(key);
};

test('a dashboard is changed, undone, redone and saved by keys', async ({ page, request }) => {
  const made = await (await request.post('/api/phoenix/v1/dashboards', { data: board(`Keys ${Date.now()}`) })).json();
  await page.goto(`/d/${made.meta.uid}`);
  const heading = (name: string) => page.getByRole('heading', { name, exact: true });
  await heading('First').hover();
  await press(page, 'e');
  await expect(page).toHaveURL(/editPanel=1/);
  const title = page.getByLabel('Title', { exact: true });
  await title.fill('Second');
  await expect(heading('Second')).toBeVisible();
  await page.locator('summary', { hasText: /^Values$/ }).click();
  await page.getByRole('switch', { name: 'Without a ground' }).focus();
  await press(page, 'Control+z');
  await expect(heading('First')).toBeVisible();
  await expect(title).toHaveValue('First');
  await press(page, 'Control+Shift+Z');
  await expect(title).toHaveValue('Second');
  await press(page, 'Control+z Control+y');
  await expect(title).toHaveValue('Second');

  // In a field the key is the field's own: it takes back what was typed there.
  await title.focus();
  await press(page, 'Control+s');
  const dialog = page.getByRole('dialog', { name: /Save/ });
  await expect(dialog).toBeVisible();
  await press(page, 'Escape');
  await expect(dialog).toHaveCount(0);
  await expect(page).toHaveURL(/editPanel=1/);

  // An open menu is closed first, then the editor; the draft stays.
  await page.getByText('Transformations (0)').click();
  await page.getByRole('button', { name: 'Transformation', exact: true }).click();
  await expect(page.getByRole('menu')).toBeVisible();
  await press(page, 'Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(page).toHaveURL(/editPanel=1/);
  await press(page, 'Escape');
  await expect(page).not.toHaveURL(/editPanel/);
  await expect(heading('Second')).toBeVisible();
  await press(page, 'Control+s');
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  const saved = await (await request.get(`/api/phoenix/v1/dashboards/${made.meta.uid}`)).json();
  expect([saved.meta.version, saved.dashboard.panels[0].title]).toEqual([made.meta.version + 1, 'Second']);
});

test('the range of time is widened, narrowed, copied and pasted by keys', async ({ page, request }) => {
  const made = await (await request.post('/api/phoenix/v1/dashboards', { data: board(`Times ${Date.now()}`) })).json();
  await withClipboard(page);
  await page.goto(`/d/${made.meta.uid}`);
  await expect(page.getByRole('heading', { name: 'First', exact: true })).toBeVisible();
  await press(page, 't c');
  expect(await held(page)).toBe('{"from":"now-1h","to":"now"}');
  await press(page, 't -');
  await expect(page).toHaveURL(/from=now-2h&to=now/);
  await press(page, 't +');
  await expect(page).toHaveURL(/from=now-1h&to=now/);
  await press(page, 't +');
  await expect(page).toHaveURL(/from=now-30m&to=now/);
  await press(page, 't v');
  await expect(page).toHaveURL(/from=now-1h&to=now/);

  await page.evaluate(() => navigator.clipboard.writeText('{"from":"2026-03-10T11:00:00.000Z","to":"2026-03-10T12:00:00.000Z"}'));
  await press(page, 't v');
  await expect(page).toHaveURL(/from=1773140400000&to=1773144000000/);
  await press(page, 't c');
  expect(await held(page)).toBe('{"from":"2026-03-10T11:00:00.000Z","to":"2026-03-10T12:00:00.000Z"}');

  // What is no range is told and changes nothing.
  await page.evaluate(() => navigator.clipboard.writeText('a recipe'));
  const told: string[] = [];
  page.once('dialog', (alert) => {
    told.push(alert.message());
    void alert.accept();
  });
  await press(page, 't v');
  await expect.poll(() => told).toEqual([expect.stringContaining('The range is not changed. It is no range of time')]);
  await expect(page).toHaveURL(/from=1773140400000/);
  await press(page, '?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  for (const what of ['Copy the range of time', 'Paste a range of time', 'Half the range of time', 'Find a dashboard']) await expect(help.getByText(what)).toBeVisible();
  await expect(help.locator('dt', { hasText: 't +' }).locator('kbd')).toHaveText(['t', '+']);
});

test('f finds a dashboard from any page', async ({ page }) => {
  await page.goto('/rules');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Rules');
  await press(page, 'f');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dashboards');
  await expect(page.locator('[data-filter]')).toBeFocused();
  await page.keyboard.type('host');
  await expect(page).toHaveURL(/q=host/);
  await press(page, 'Escape f');
  await expect(page.locator('[data-filter]')).toBeFocused();
});

test('the keyboard’s place in a chart is shown in the charts beside it', async ({ page, request }) => {
  const { dashboard } = board(`Shared ${Date.now()}`);
  const [first] = dashboard.panels;
  // A line over the whole range; that of a demo that has just begun would be a point at its end.
  await answerQueries(page, { up: [{ labels: { job: 'api' }, values: [0, 1, 0, 1, 0, 1] }] });
  const time = { from: new Date(measured - 3_600_000).toISOString(), to: new Date(measured).toISOString() };
  const data = { dashboard: { ...dashboard, time, graphTooltip: 1, panels: [first, { ...first, id: 2, title: 'Beside', gridPos: { x: 12, y: 0, w: 12, h: 8 } }] } };
  const made = await (await request.post('/api/phoenix/v1/dashboards', { data })).json();
  await page.goto(`/d/${made.meta.uid}`);
  const cursor = page.getByRole('region', { name: 'First', exact: true }).locator('.cursor-key');
  const line = page.getByRole('region', { name: 'Beside', exact: true }).locator('.u-cursor-x');
  await expect(line).toHaveClass(/u-off/);
  await cursor.focus();
  await expect(line).not.toHaveClass(/u-off/);
  const x = async () => (await line.boundingBox())!.x;
  const before = await x();
  await press(page, 'Home');
  await expect.poll(x).toBeLessThan(before - 100);
  await press(page, 'Tab');
  await expect(line).toHaveClass(/u-off/);
});
