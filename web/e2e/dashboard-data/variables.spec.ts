import type { Locator, Page } from '@playwright/test';
import { expect, test } from '../page';
import { answerQueries, measured, waiting } from './answers';

const prometheus = { type: 'prometheus', uid: 'prometheus' };
const asking = (name: string, query: string, more: object = {}) => ({ name, type: 'query', datasource: prometheus, query: { query, refId: 'A' }, refresh: 1, current: {}, ...more });
const sorted = (sort: number) => asking(`sort${sort}`, 'label_values(sizes, size)', { sort });

const variables = [
  asking('job', 'label_values(up, job)', { label: 'Job', sort: 1 }),
  // Its options go by the choice above it.
  asking('instance', 'label_values(up{job="$job"}, instance)', { multi: true, includeAll: true, sort: 1, current: { text: ['All'], value: ['$__all'] } }),
  asking('every', 'label_values(up, job)', { includeAll: true, allValue: '.+', current: { text: 'All', value: '$__all' } }),
  asking('port', 'label_values(up{job="web"}, instance)', { regex: '/(?<text>[^:]+):(?<value>\\d+)/' }),
  asking('part', 'label_values(up, job)', { regex: '/^w(.*)$/' }),
  asking('names', 'label_names()'),
  asking('found', 'query_result(sum by (job) (up))', { regex: '/job="([^"]+)"/' }),
  { name: 'pick', type: 'custom', query: 'one : 1, two : 2, three', current: { text: 'two', value: '2' }, multi: true },
  { name: 'words', type: 'textbox', query: 'abc', current: { text: 'abc', value: 'abc' } },
  { name: 'stage', type: 'constant', query: 'prod', current: { text: 'prod', value: 'prod' } },
  { name: 'source', type: 'datasource', query: 'prometheus', current: {} },
  { name: 'window', type: 'interval', query: '1m,5m', auto: true, auto_count: 10, auto_min: '10s', current: { text: '5m', value: '5m' } },
  { name: 'unnamed', type: 'custom', query: 'x,y', hide: 1, current: { text: 'x', value: 'x' } },
  { name: 'unseen', type: 'custom', query: 'x,y', hide: 2, current: { text: 'y', value: 'y' } },
  { name: 'where', type: 'adhoc', datasource: prometheus, filters: [{ key: 'zone', operator: '=', value: 'a' }] },
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(sorted),
];

const board = {
  uid: 'e2e-variables',
  title: 'Variables of the browser tests',
  schemaVersion: 41,
  timezone: 'utc',
  time: { from: new Date(measured - 3_600_000).toISOString(), to: new Date(measured).toISOString() },
  templating: { list: variables },
  panels: [
    {
      id: 1,
      type: 'timeseries',
      title: 'Asked for $job',
      gridPos: { x: 0, y: 0, w: 12, h: 8 },
      datasource: { type: 'prometheus', uid: '${source}' },
      targets: ['a{job="$job", instance=~"$instance"}', 'b{job=~"$every"}', 'c{port="$port", part="$part"}', 'd{pick=~"${pick}", stage="$stage", words="$words"}', 'rate(e[$window])', 'f{x="$unnamed$unseen"}'].map((expr, at) => ({ refId: 'ABCDEF'[at], expr, datasource: { type: 'prometheus', uid: '${source}' } })),
      fieldConfig: { defaults: {}, overrides: [] },
      options: {},
    },
    { id: 2, type: 'text', title: 'Told', gridPos: { x: 12, y: 0, w: 12, h: 8 }, options: { mode: 'markdown', content: ['instance $instance', 'as a list ${instance:csv}', 'piped ${instance:pipe}', 'pick ${pick:text} ${pick:raw}', 'port ${port:text} $port', 'stage $stage', 'job ${job:doublequote} [[job]]', 'found $found', 'names `$names`'].join('\n\n') } },
  ],
};

/** What the server would say of labels. */
async function answerLabels(page: Page) {
  const data = (list: unknown) => ({ contentType: 'application/json', body: JSON.stringify({ status: 'success', data: list }) });
  await page.route('**/api/v1/label/*/values*', (route) => {
    const url = new URL(route.request().url());
    const [name, match] = [url.pathname.split('/').at(-2), url.searchParams.get('match[]') ?? ''];
    if (name === 'job') return route.fulfill(data(['web', 'db']));
    if (name === 'size') return route.fulfill(data(['b10', 'B2', 'a3', 'A20']));
    return route.fulfill(data(match.includes('job="web"') ? ['web.1:9090', 'web-2:8080'] : match.includes('job="db"') ? ['db-1:5432'] : []));
  });
  await page.route('**/api/v1/labels*', (route) => route.fulfill(data(['__name__', 'job', 'zone'])));
  await page.route('**/api/v1/query', (route) => route.fulfill(data({ resultType: 'vector', result: [{ metric: { job: 'web' }, value: [measured / 1000, '2'] }] })));
}

const controls = (page: Page) => page.getByRole('group', { name: 'Variables' });
const control = (page: Page, label: string) => controls(page).getByRole('button', { name: new RegExp(`^${label}: `) });
const options = (page: Page, label: string): Locator => page.getByRole('listbox', { name: label }).getByRole('option');

async function listed(page: Page, label: string): Promise<string[]> {
  await control(page, label).click();
  await expect(options(page, label).first()).toBeVisible();
  const texts = await options(page, label).allInnerTexts();
  await page.keyboard.press('Escape');
  await expect(options(page, label)).toHaveCount(0);
  return texts;
}

test.beforeAll(async ({ request }) => {
  const made = await request.post('/api/phoenix/v1/dashboards', { data: { dashboard: board, overwrite: true } });
  expect(made.ok(), await made.text()).toBe(true);
});

/** Opens the dashboard; gives the texts of the queries of its latest round. */
async function opened(page: Page, search = '') {
  await answerLabels(page);
  const asked = await answerQueries(page, {});
  await page.goto(`/d/${board.uid}${search}`);
  await expect(page.locator(waiting)).toHaveCount(0);
  return async (): Promise<string[]> => {
    await expect(page.locator(waiting)).toHaveCount(0);
    return asked.slice(-6).map(({ query }) => query);
  };
}
async function told(page: Page): Promise<string[]> {
  const lines = page.getByRole('region', { name: 'Told', exact: true }).locator('p');
  await expect(lines).toHaveCount(9);
  return (await lines.allInnerTexts()).map((text) => text.trim());
}

test('every kind is loaded, shown and filled in', async ({ page }) => {
  const asked = await opened(page);
  expect(await asked()).toEqual([
    'a{job="db", instance=~"db-1:5432", zone="a"}',
    'b{job=~".+", zone="a"}',
    'c{port="9090", part="eb", zone="a"}',
    'd{pick=~"2", stage="prod", words="abc", zone="a"}',
    'rate(e{zone="a"}[5m])',
    'f{x="xy", zone="a"}',
  ]);
  expect(await told(page)).toEqual(['instance db-1:5432', 'as a list db-1:5432', 'piped db-1:5432', 'pick two 2', 'port web.1 9090', 'stage prod', 'job "db" db', 'found web', 'names __name__']);
  await expect(page.getByRole('heading', { name: 'Asked for db' })).toBeVisible();
  // Names beside the controls, but for what is hidden.
  expect(await controls(page).locator('label').allInnerTexts()).toEqual(['Job', 'instance', 'every', 'port', 'part', 'names', 'found', 'pick', 'words', 'source', 'window', 'where', ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((sort) => `sort${sort}`)]);
  await expect(control(page, 'unnamed')).toBeVisible();
  await expect(control(page, 'unseen')).toHaveCount(0);
  await expect(control(page, 'stage')).toHaveCount(0);
  await expect(controls(page).getByRole('group', { name: 'where' })).toContainText('zone = a');
});

test('options are picked, named and sorted', async ({ page }) => {
  await opened(page);
  const lists: [label: string, options: string[]][] = [
    ['Job', ['db', 'web']],
    ['instance', ['All', 'db-1:5432']],
    ['every', ['All', 'web', 'db']],
    ['port', ['web.1', 'web-2']],
    ['part', ['eb']],
    ['names', ['__name__', 'job', 'zone']],
    ['pick', ['one', 'two', 'three']],
    ['window', ['auto', '1m', '5m']],
    ['sort0', ['b10', 'B2', 'a3', 'A20']],
    ['sort1', ['A20', 'B2', 'a3', 'b10']],
    ['sort2', ['b10', 'a3', 'B2', 'A20']],
    ['sort3', ['B2', 'a3', 'b10', 'A20']],
    ['sort4', ['A20', 'b10', 'a3', 'B2']],
    ['sort5', ['A20', 'a3', 'b10', 'B2']],
    ['sort6', ['B2', 'b10', 'a3', 'A20']],
    ['sort7', ['a3', 'A20', 'B2', 'b10']],
    ['sort8', ['b10', 'B2', 'A20', 'a3']],
  ];
  for (const [label, expected] of lists) expect.soft(await listed(page, label), label).toEqual(expected);
});

test('a choice reaches what depends on it, the queries, the texts and the address', async ({ page }) => {
  const asked = await opened(page);
  await control(page, 'Job').click();
  await options(page, 'Job').filter({ hasText: 'web' }).click();
  await expect(page).toHaveURL(/var-job=web/);
  await expect.poll(async () => (await asked())[0]).toBe('a{job="web", instance=~"(web-2:8080|web\\\\.1:9090)", zone="a"}');
  expect((await told(page)).slice(0, 3)).toEqual(['instance {web-2:8080,web.1:9090}', 'as a list web-2:8080,web.1:9090', 'piped web-2:8080|web.1:9090']);

  // Of several, by the keyboard: the first of the found is taken.
  await control(page, 'instance').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Search instance')).toBeFocused();
  await page.keyboard.type('web.1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(control(page, 'instance')).toBeFocused();
  await expect.poll(async () => (await asked())[0]).toBe('a{job="web", instance=~"web\\\\.1:9090", zone="a"}');
  await expect(page).toHaveURL(/var-instance=web\.1(%3A|:)9090/);

  await control(page, 'pick').click();
  await options(page, 'pick').filter({ hasText: 'three' }).click();
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await asked())[3]).toBe('d{pick=~"(2|three)", stage="prod", words="abc", zone="a"}');

  await controls(page).getByRole('textbox', { name: 'words' }).fill('x y');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await asked())[3]).toBe('d{pick=~"(2|three)", stage="prod", words="x y", zone="a"}');

  // An hour in ten steps is six minutes, which is rounded to five.
  await control(page, 'window').click();
  await options(page, 'window').filter({ hasText: 'auto' }).click();
  await expect.poll(async () => (await asked())[4]).toBe('rate(e{zone="a"}[5m])');
  await control(page, 'window').click();
  await options(page, 'window').filter({ hasText: '1m' }).click();
  await expect.poll(async () => (await asked())[4]).toBe('rate(e{zone="a"}[1m])');

  await controls(page).getByRole('button', { name: 'Take away zone = a' }).click();
  await expect.poll(async () => (await asked())[4]).toBe('rate(e[1m])');
  await controls(page).getByRole('button', { name: 'Add a condition to where' }).click();
  await page.getByRole('combobox', { name: 'Label' }).fill('team');
  await page.getByLabel('Must be').selectOption('!=');
  await page.getByRole('combobox', { name: 'Value' }).fill('red');
  await page.getByRole('button', { name: 'Add', exact: true }).last().click();
  await expect.poll(async () => (await asked())[4]).toBe('rate(e{team!="red"}[1m])');
});

test('an address chooses, and what it asks for need not be listed', async ({ page }) => {
  const asked = await opened(page, '?var-job=web&var-instance=$__all&var-every=own&var-pick=1&var-pick=9&var-words=typed&var-window=1m&var-where=job%7C%3D~%7Cw.*');
  expect(await asked()).toEqual([
    'a{job="web", instance=~"(web-2:8080|web\\\\.1:9090)", job=~"w.*"}',
    'b{job=~"own", job=~"w.*"}',
    'c{port="9090", part="eb", job=~"w.*"}',
    'd{pick=~"(1|9)", stage="prod", words="typed", job=~"w.*"}',
    'rate(e{job=~"w.*"}[1m])',
    'f{x="xy", job=~"w.*"}',
  ]);
});
