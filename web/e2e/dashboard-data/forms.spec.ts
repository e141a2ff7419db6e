import type { Page } from '@playwright/test';
import { expectNoSeriousFinding } from '../axe';
import { tableOf } from '../gallery/readers';
import { expect, test } from '../page';
import { answerQueries, measured, waiting } from './answers';

const prometheus = { type: 'prometheus', uid: 'prometheus' };
const known = {
  cpu: [
    { labels: { host: 'a', zone: 'x' }, values: [10] },
    { labels: { host: 'b', zone: 'y' }, values: [30] },
    { labels: { host: 'c', zone: 'x' }, values: [20] },
  ],
};
const board = (transformations: object[]) => ({
  dashboard: {
    title: `Forms ${Date.now()}`,
    time: { from: new Date(measured - 3_600_000).toISOString(), to: new Date(measured).toISOString() },
    timezone: 'utc',
    panels: [
      {
        id: 1, type: 'table', title: 'Hosts', gridPos: { x: 0, y: 0, w: 12, h: 8 }, datasource: prometheus, transformations, options: {},
        targets: [{ refId: 'A', datasource: prometheus, expr: 'cpu', instant: true, range: false, format: 'table' }],
        fieldConfig: { defaults: { custom: {} }, overrides: [] },
      },
    ],
  },
});

const shown = async (page: Page) => {
  await expect(page.locator(waiting)).toHaveCount(0);
  return tableOf(page.locator('[data-panel]'));
};
const add = async (page: Page, name: string) => {
  await page.getByRole('button', { name: 'Transformation', exact: true }).click();
  await page.getByRole('menuitem', { name, exact: true }).click();
};

test('three transformations are built by mouse and keyboard, and what they make is shown and saved', async ({ page, request }) => {
  const { meta } = await (await request.post('/api/phoenix/v1/dashboards', { data: board([]) })).json();
  await answerQueries(page, known);
  await page.goto(`/d/${meta.uid}?editPanel=1`);
  await page.getByText('Transformations (0)').click();

  // By the mouse: groups of a field that reaches the step, and a calculation over another.
  await add(page, 'Group by');
  const group = page.getByRole('region', { name: '1. Group by' });
  await group.getByRole('group', { name: 'zone' }).getByLabel('Does').selectOption({ label: 'Makes groups' });
  const value = group.getByRole('group', { name: 'Value', exact: true });
  await value.getByLabel('Does').selectOption({ label: 'Is calculated' });
  await value.getByLabel('Calculations').click();
  await page.getByRole('option', { name: 'Total' }).click();
  await page.keyboard.press('Escape');
  await expect.poll(() => shown(page)).toEqual([['zone', 'Value (sum)'], ['x', '30'], ['y', '30']]);
  await expect(group.getByText('Gives 1 table, 2 fields, 2 rows')).toBeVisible();

  // By the keyboard alone: what the first step makes can be chosen in the second.
  await page.getByRole('button', { name: 'Transformation', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem').first()).toBeVisible();
  await expect(page.locator('[role="menu"]:focus, [role="menu"] :focus')).toHaveCount(1);
  for (let at = 0; at < 30 && (await page.locator(':focus').innerText()) !== 'Add a calculated field'; at += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const calculated = page.getByRole('region', { name: '2. Add a calculated field' });
  await calculated.getByLabel('Left', { exact: true }).focus();
  await page.keyboard.type('Value (sum)');
  await page.keyboard.press('Tab');
  await expect(calculated.getByLabel('Operator')).toBeFocused();
  await page.keyboard.press('*');
  await page.keyboard.press('Tab');
  await page.keyboard.type('A number');
  await page.keyboard.press('Tab');
  await expect(calculated.getByLabel('Right: the number')).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('2');
  await page.keyboard.press('Tab');
  await page.keyboard.type('double');
  await expect.poll(() => shown(page)).toEqual([['zone', 'Value (sum)', 'double'], ['x', '30', '60'], ['y', '30', '60']]);

  // The third is moved before the second by its button, and is off and on again.
  await add(page, 'Filter by value');
  const filter = page.getByRole('region', { name: /Filter by value/ });
  await filter.getByRole('button', { name: 'Condition', exact: true }).click();
  await filter.getByLabel('Field', { exact: true }).selectOption('zone');
  await filter.locator('select', { hasText: 'Is greater than' }).selectOption({ label: 'Is' });
  await filter.getByLabel('Value', { exact: true }).fill('y');
  await expect.poll(() => shown(page)).toEqual([['zone', 'Value (sum)', 'double'], ['y', '30', '60']]);
  await filter.getByRole('button', { name: 'Filter by value: earlier' }).click();
  await expect(page.getByRole('region', { name: '2. Filter by value' })).toBeVisible();
  await filter.getByRole('button', { name: 'Filter by value: off' }).click();
  await expect.poll(() => shown(page)).toHaveLength(3);
  await filter.getByRole('button', { name: 'Filter by value: on' }).click();
  await filter.locator('summary').click();
  const cells = filter.getByRole('table', { name: 'Table 1 after this step' }).locator('th, td');
  await expect(cells).toHaveText(['zone string', 'Value (sum) number', 'y', '30']);
  await expectNoSeriousFinding(page);

  await page.getByRole('button', { name: 'Back to the dashboard' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  const saved = await (await request.get(`/api/phoenix/v1/dashboards/${meta.uid}`)).json();
  expect(saved.dashboard.panels[0].transformations).toEqual([
    { id: 'groupBy', options: { fields: { zone: { aggregations: [], operation: 'groupby' }, Value: { aggregations: ['sum'], operation: 'aggregate' } } } },
    { id: 'filterByValue', options: { type: 'include', match: 'any', filters: [{ fieldName: 'zone', config: { id: 'equal', options: { value: 'y' } } }] }, disabled: false },
    { id: 'calculateField', options: { mode: 'binary', binary: { operator: '*', left: { matcher: { id: 'byName', options: 'Value (sum)' } }, right: { fixed: '2' } }, alias: 'double' } },
  ]);
});

test('fields are ordered, hidden and renamed; the JSON and the form are two ways to the same', async ({ page, request }) => {
  const { meta } = await (await request.post('/api/phoenix/v1/dashboards', { data: board([{ id: 'organize', options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} } }]) })).json();
  await answerQueries(page, known);
  await page.goto(`/d/${meta.uid}?editPanel=1`);
  await page.getByText('Transformations (1)').click();
  const step = page.getByRole('region', { name: '1. Order, hide and rename fields' });
  const line = (name: string) => step.getByRole('group', { name, exact: true });
  await expect(line('Time').getByLabel('Hide')).toBeChecked();
  await line('zone').getByLabel('Hide').check({ force: true });
  await line('Value').getByLabel('New name').fill('CPU');
  await line('Value').getByRole('button', { name: 'Value: earlier' }).click();
  await line('Value').getByRole('button', { name: 'Value: earlier' }).press('Enter');
  await expect.poll(() => shown(page)).toEqual([['CPU', 'host'], ['10', 'a'], ['30', 'b'], ['20', 'c']]);
  // Each move is a step back of its own.
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => shown(page)).toEqual([['host', 'CPU'], ['a', '10'], ['b', '30'], ['c', '20']]);

  await step.getByRole('button', { name: 'JSON' }).click();
  await expect(step.getByLabel('Options')).toHaveValue(/"zone": true/);
  await step.getByLabel('Options').fill('{"renameByName":{"host":"Node"}}');
  await step.getByRole('button', { name: 'JSON' }).click();
  await expect(line('host').getByLabel('New name')).toHaveValue('Node');
  await expect.poll(async () => (await shown(page))[0]).toEqual(['Time', 'Node', 'zone', 'Value']);
  await step.getByRole('button', { name: 'Remove Order, hide and rename fields' }).click();
  await expect.poll(async () => (await shown(page))[0]).toEqual(['Time', 'host', 'zone', 'Value']);
});
