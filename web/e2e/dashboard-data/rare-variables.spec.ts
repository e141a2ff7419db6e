import type { Page } from '@playwright/test';
import { expect, test } from '../page';
import { answerQueries, measured, waiting } from './answers';

const prometheus = { type: 'prometheus', uid: 'prometheus' };
const board = {
  uid: 'e2e-rare-variables',
  title: 'Rare variables of the browser tests',
  schemaVersion: 41,
  timezone: 'utc',
  time: { from: new Date(measured - 3_600_000).toISOString(), to: new Date(measured).toISOString() },
  templating: {
    list: [
      { name: 'by', type: 'groupby', label: 'Group by', datasource: prometheus, current: { text: ['job'], value: ['job'] } },
      { name: 'exact', type: 'switch', label: 'Exact', current: { text: 'on', value: '1m' }, options: [{ text: 'on', value: '1m' }, { text: 'off', value: '5m' }] },
      { name: 'plain', type: 'switch', current: { text: 'false', value: 'false' } },
      { name: 'taken', type: 'snapshot', current: { text: ['web', 'db'], value: ['web', 'db'] } },
      { name: 'noLabels', type: 'groupby', datasource: { type: 'influxdb', uid: 'i' } },
    ],
  },
  panels: [
    {
      id: 1, type: 'timeseries', title: 'Asked', gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: prometheus, fieldConfig: { defaults: {}, overrides: [] }, options: {},
      targets: ['sum by ($by) (rate(a[$exact]))', 'b == bool $plain', 'c{job=~"$taken"}'].map((expr, at) => ({ refId: 'ABC'[at], expr, range: true, datasource: prometheus })),
    },
    { id: 2, type: 'text', title: 'Told', gridPos: { x: 12, y: 0, w: 12, h: 8 }, options: { mode: 'markdown', content: ['by ${by:csv}', 'exact ${exact:text} $exact', 'plain $plain', 'taken $taken'].join('\n\n') } },
  ],
};

test.beforeAll(async ({ request }) => {
  const made = await request.post('/api/phoenix/v1/dashboards', { data: { dashboard: board, overwrite: true } });
  expect(made.ok(), await made.text()).toBe(true);
});

const control = (page: Page, label: string) => page.getByRole('group', { name: 'Variables' }).getByRole('button', { name: new RegExp(`^${label}: `) });
const options = (page: Page, label: string) => page.getByRole('listbox', { name: label }).getByRole('option');
const choose = (page: Page, label: string, text: string) => options(page, label).filter({ hasText: text }).click();
const told = (page: Page) => expect(page.getByRole('region', { name: 'Told', exact: true }).locator('p'));

async function opened(page: Page, search = '') {
  await page.route('**/api/v1/labels*', (route) => route.fulfill({ contentType: 'application/json', body: JSON.stringify({ status: 'success', data: ['__name__', 'job', 'zone'] }) }));
  const asked = await answerQueries(page, {});
  await page.goto(`/d/${board.uid}${search}`);
  await expect(page.locator(waiting)).toHaveCount(0);
  return async () => {
    await expect(page.locator(waiting)).toHaveCount(0);
    return asked.slice(-3).map(({ query }) => query);
  };
}

test('labels to group by are chosen, several or none', async ({ page }) => {
  const asked = await opened(page);
  expect((await asked())[0]).toBe('sum by (job) (rate(a[1m]))');
  await control(page, 'Group by').click();
  await expect(options(page, 'Group by')).toHaveText(['__name__', 'job', 'zone']);
  await choose(page, 'Group by', 'zone');
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await asked())[0]).toBe('sum by (job,zone) (rate(a[1m]))');
  await expect(page).toHaveURL(/var-by=job&var-by=zone/);
  await told(page).toContainText(['by job,zone']);
  await control(page, 'Group by').click();
  await choose(page, 'Group by', 'job');
  await choose(page, 'Group by', 'zone');
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await asked())[0]).toBe('sum by () (rate(a[1m]))');
  // None is a choice, which the address keeps.
  await page.reload();
  await expect(page.locator(waiting)).toHaveCount(0);
  expect((await asked())[0]).toBe('sum by () (rate(a[1m]))');
});

test('a switch has two values, its own or true and false', async ({ page }) => {
  const asked = await opened(page);
  expect(await asked()).toEqual(['sum by (job) (rate(a[1m]))', 'b == bool false', 'c{job=~"(web|db)"}']);
  await told(page).toHaveText(['by job', 'exact on 1m', 'plain false', 'taken {web,db}']);
  await control(page, 'Exact').click();
  await expect(options(page, 'Exact')).toHaveText(['on', 'off']);
  await choose(page, 'Exact', 'off');
  await expect.poll(async () => (await asked())[0]).toBe('sum by (job) (rate(a[5m]))');
  await expect(page).toHaveURL(/var-exact=5m/);
  await control(page, 'plain').click();
  await expect(options(page, 'plain')).toHaveText(['true', 'false']);
  await choose(page, 'plain', 'true');
  await expect.poll(async () => (await asked())[1]).toBe('b == bool true');
  await told(page).toHaveText(['by job', 'exact off 5m', 'plain true', 'taken {web,db}']);
});

test('what a snapshot took cannot be chosen', async ({ page }) => {
  const asked = await opened(page, '?var-taken=other&var-exact=5m');
  expect(await asked()).toEqual(['sum by (job) (rate(a[5m]))', 'b == bool false', 'c{job=~"(web|db)"}']);
  await expect(control(page, 'taken')).toHaveCount(0);
  // A source without labels is told where they would be chosen.
  await expect(page.getByRole('group', { name: 'Variables' })).toContainText('noLabels');
  await page.getByRole('button', { name: /not as meant/ }).click();
  await expect(page.getByRole('dialog').getByText('The variable noLabels: not shown: InfluxDB')).toBeVisible();
});
