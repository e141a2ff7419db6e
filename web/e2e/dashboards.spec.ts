import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

const uid = 'e2e-board';
const query = '**/api/phoenix/v1/dashboards/query';
const asked = (refId: string, expr: string, more = {}) => ({ refId, expr, legendFormat: '{{job}}', datasource: { type: 'prometheus', uid: 'prometheus' }, ...more });
const chart = (id: number, title: string, gridPos: object, expr: string) => ({ id, type: 'timeseries', title, gridPos, datasource: { type: 'prometheus', uid: 'prometheus' }, targets: [asked('A', expr)], fieldConfig: { defaults: { unit: 'short' }, overrides: [] }, options: {} });
const board = {
  uid,
  title: 'Board of the browser tests',
  tags: ['e2e'],
  schemaVersion: 41,
  time: { from: 'now-15m', to: 'now' },
  templating: { list: [{ name: 'job', type: 'query', label: 'Job', datasource: { type: 'prometheus', uid: 'prometheus' }, query: { query: 'label_values(up, job)', refId: 'PrometheusVariableQueryEditor-VariableQuery' }, refresh: 1, multi: true, includeAll: true, sort: 1, current: { text: ['All'], value: ['$__all'] } }] },
  panels: [
    chart(1, 'Up by job', { x: 0, y: 0, w: 12, h: 8 }, 'up{job=~"$job"}'),
    { id: 2, type: 'stat', title: 'Targets up', gridPos: { x: 12, y: 0, w: 12, h: 8 }, datasource: { type: 'prometheus', uid: 'prometheus' }, targets: [asked('A', 'sum(up)', { instant: true, range: false })], fieldConfig: { defaults: {}, overrides: [] }, options: { reduceOptions: { calcs: ['lastNotNull'] } } },
    { id: 3, type: 'row', title: 'Below', gridPos: { x: 0, y: 8, w: 24, h: 1 }, collapsed: true, panels: [chart(4, 'Scrapes', { x: 0, y: 9, w: 24, h: 8 }, 'scrape_duration_seconds')] },
    { id: 5, type: 'acme-flower-panel', title: 'Flowers', gridPos: { x: 0, y: 9, w: 24, h: 4 }, targets: [], options: {} },
  ],
};

test.beforeAll(async ({ request }) => {
  const made = await request.post('/api/phoenix/v1/dashboards', { data: { dashboard: board, overwrite: true } });
  expect(made.ok(), await made.text()).toBe(true);
});

const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const shown = (page: Page) => expect(page.locator('[data-panel][aria-busy], main [role="status"][aria-busy]')).toHaveCount(0);
/** Sends every query of the next refreshes this answer. */
const answerWith = (page: Page, values: unknown[]) =>
  page.route(query, async (route) => {
    const { queries } = route.request().postDataJSON() as { queries: { id: string; kind: string }[] };
    const lines = queries.map(({ id, kind }) =>
      kind === 'range' ? { ids: [id], kind: 'matrix', start_ms: 1_763_842_500_000, step_ms: 60_000, points: values.length, series: [{ labels: { job: 'a,b' }, values }, { labels: { job: 'c' }, values: values.map(() => 2) }], warnings: [], infos: [], stats: { milliseconds: 1.5, cached_points: 3, computed_points: 1 } } : { ids: [id], kind: 'vector', time_ms: 1_763_842_500_000, series: [{ labels: {}, value: 4 }], warnings: [], infos: [], stats: {} },
    );
    await route.fulfill({ contentType: 'application/x-ndjson', body: [...lines, { done: true }].map((line) => `${JSON.stringify(line)}\n`).join('') });
  });

test('the list finds a dashboard and remembers it', async ({ page }) => {
  await page.goto('/dashboards');
  await page.getByRole('searchbox', { name: 'Filter dashboards' }).fill('browser tests e2e');
  await page.getByRole('link', { name: board.title }).click();
  await expect(page).toHaveURL(new RegExp(`/d/${uid}/board-of-the-browser-tests`));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(board.title);
  await expect(page).toHaveTitle(`${board.title} · Phoenix`);
  await page.goto('/dashboards');
  await expect(page.getByRole('navigation', { name: 'Recently viewed' }).getByRole('link', { name: board.title })).toBeVisible();
});

test('a pasted dashboard shows its report before it is kept', async ({ page }) => {
  await page.goto('/dashboards/import');
  await page.getByLabel('Or paste a dashboard’s JSON').fill(JSON.stringify({ ...board, uid: 'e2e-pasted', title: 'Pasted board' }));
  await page.getByRole('button', { name: 'Read it' }).click();
  const item = page.getByRole('region', { name: 'Pasted board' });
  await expect(item.getByText(/acme-flower-panel/).first()).toBeVisible();
  await item.getByLabel('Title').fill('Pasted and named');
  await page.getByLabel('Replace dashboards').check();
  await page.getByRole('button', { name: 'Import the dashboard' }).click();
  await page.getByRole('link', { name: 'open it' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Pasted and named');
});

test.describe('what is no dashboard', () => {
  test.use({ allowed: '40[0-9]|422' });
  test('is refused with the server’s words', async ({ page }) => {
    await page.goto('/dashboards/import');
    await page.getByLabel('Or paste a dashboard’s JSON').fill('{"a": 1}');
    await page.getByRole('button', { name: 'Read it' }).click();
    await expect(page.getByText('This cannot be read')).toBeVisible();
  });
});

test('variables change what is asked, and going back takes it back', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await shown(page);
  await page.getByRole('button', { name: 'Job: All' }).click();
  const options = page.getByRole('listbox', { name: 'Job' }).getByRole('option');
  await expect(options.first()).toHaveText('All');
  const job = (await options.nth(1).textContent())!;
  await options.nth(1).click();
  const request = page.waitForRequest(query);
  await page.keyboard.press('Escape');
  const asks = ((await request).postDataJSON() as { queries: { query: string }[] }).queries.map((each) => each.query);
  expect(asks).toContain(`up{job=~"${job}"}`);
  await expect(page).toHaveURL(new RegExp(`var-job=${job}`));
  await page.goBack();
  await expect(page.getByRole('button', { name: 'Job: All' })).toBeVisible();
  await expect(page).not.toHaveURL(/var-job/);
});

test('panels that can be seen are asked for with one request, folded ones when they unfold', async ({ page }) => {
  const requests: string[][] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/dashboards/query')) requests.push((request.postDataJSON() as { queries: { id: string }[] }).queries.map(({ id }) => id));
  });
  await page.goto(`/d/${uid}`);
  await shown(page);
  await expect.poll(() => requests.length).toBe(1);
  expect(requests[0]!.sort()).toEqual(['1/A', '2/A']);
  await page.getByRole('button', { name: /^Below/ }).click();
  await expect.poll(() => requests.length).toBe(2);
  expect(requests[1]).toEqual(['4/A']);
  await shown(page);
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect.poll(() => requests.length).toBe(3);
});

test('times: quick ranges, expressions, dragging over a chart, the keyboard', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await shown(page);
  await page.getByRole('button', { name: 'Last 15 minutes' }).click();
  await page.getByLabel('Search quick ranges').fill('3 hours');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/from=now-3h&to=now/);
  await page.getByRole('button', { name: 'Last 3 hours', expanded: false }).click();
  await page.getByLabel('From', { exact: true }).fill('now-1x');
  await expect(page.getByRole('button', { name: 'Use these times' })).toBeDisabled();
  await page.getByLabel('From', { exact: true }).fill('now-2h');
  await page.getByRole('button', { name: 'Use these times' }).click();
  await expect(page).toHaveURL(/from=now-2h&to=now/);
  await shown(page);
  await page.keyboard.press('t');
  await page.keyboard.press('z');
  await expect(page).toHaveURL(/from=now-4h&to=now/);
  await shown(page);
  const plot = (await panel(page, 'Up by job').locator('.u-over').boundingBox())!;
  await page.mouse.move(plot.x + plot.width * 0.25, plot.y + plot.height / 2);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.75, plot.y + plot.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d{13}&to=\d{13}/);
  const at = new URL(page.url()).searchParams;
  expect(Math.abs(Number(at.get('to')) - Number(at.get('from')) - 7_200_000)).toBeLessThan(300_000);
  await page.keyboard.press('t');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => Number(new URL(page.url()).searchParams.get('to'))).toBeLessThan(Number(at.get('to')));
});

test('a panel in full, by key and back', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await shown(page);
  await panel(page, 'Up by job').hover();
  await page.keyboard.press('v');
  await expect(page).toHaveURL(/viewPanel=1/);
  await expect(panel(page, 'Targets up')).toHaveCount(0);
  await expect(panel(page, 'Up by job').locator('canvas')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(panel(page, 'Targets up')).toBeVisible();
  await expect(page).not.toHaveURL(/viewPanel/);
});

test('folds are kept in the address, and Grafana’s keys act on the panel at hand', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await shown(page);
  const row = page.getByRole('button', { name: /^Below/ });
  await row.click();
  await expect(page).toHaveURL(/fold-[^=]+=false/);
  await page.reload();
  await expect(row).toHaveAttribute('aria-expanded', 'true');
  await row.click();
  await expect(page).not.toHaveURL(/fold-/);
  const first = panel(page, 'Up by job');
  const legend = first.locator('.legend-name');
  await expect(legend.first()).toBeVisible();
  const before = await legend.count();
  await first.hover();
  await page.keyboard.press('p');
  await page.keyboard.press('l');
  await expect(legend).toHaveCount(0);
  await page.keyboard.press('p');
  await page.keyboard.press('l');
  await expect(legend).toHaveCount(before);
  await page.keyboard.press('p');
  await page.keyboard.press('d');
  await expect(panel(page, 'Up by job')).toHaveCount(2);
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('button', { name: 'Give them up' }).click();
  await expect(panel(page, 'Up by job')).toHaveCount(1);
  await first.hover();
  await page.keyboard.press('p');
  await page.keyboard.press('x');
  await expect(page).toHaveURL(/\/explore\?/);
});

test('the inspector’s file has the numbers of the answer', async ({ page }) => {
  await answerWith(page, [1.5, null, 'NaN', '+Inf', 0.1]);
  await page.goto(`/d/${uid}?from=1763842500000&to=1763842740000`);
  await panel(page, 'Up by job').hover();
  await page.keyboard.press('i');
  const drawer = page.getByRole('dialog', { name: 'Inspect: Up by job' });
  const download = page.waitForEvent('download');
  await drawer.getByRole('button', { name: 'Download CSV' }).click();
  const text = await readFile((await (await download).path())!, 'utf8');
  expect(text.split('\r\n')).toEqual(['Time,"a,b",c', '2025-11-22T20:15:00.000Z,1.5,2', '2025-11-22T20:16:00.000Z,,2', '2025-11-22T20:17:00.000Z,NaN,2', '2025-11-22T20:18:00.000Z,+Inf,2', '2025-11-22T20:19:00.000Z,0.1,2', '']);
  await drawer.getByRole('tab', { name: 'Queries' }).click();
  await expect(page).toHaveURL(/inspectTab=query/);
  await expect(drawer.getByText('1.5 ms')).toBeVisible();
  await expect(drawer.getByText('3 kept from before, 1 worked out')).toBeVisible();
});

test('a panel is saved as an image that looks like it', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await shown(page);
  for (const [name, title] of [['Up by job', 'Up by job.png'], ['Targets up', 'Targets up.png']] as const) {
    const region = panel(page, name);
    await region.getByRole('button', { name: `Menu of ${name}` }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Download image' }).click()]);
    expect(download.suggestedFilename()).toBe(title);
    await page.mouse.move(0, 0);
    await expect(page.getByRole('menu')).toHaveCount(0);
    const shot = (await region.screenshot()).toString('base64');
    const image = (await readFile(await download.path())).toString('base64');
    const box = (await region.boundingBox())!;
    // How much of the two pictures differs, when the saved one has the size of the other.
    const found = await page.evaluate(
      async ([one, other]) => {
        const pixels = async (base64: string, width = 0, height = 0) => {
          const drawn = new Image();
          drawn.src = `data:image/png;base64,${base64}`;
          await drawn.decode();
          const canvas = document.createElement('canvas');
          canvas.width = width || drawn.width;
          canvas.height = height || drawn.height;
          const pen = canvas.getContext('2d')!;
          pen.drawImage(drawn, 0, 0, canvas.width, canvas.height);
          return { width: drawn.width, height: drawn.height, canvas, data: pen.getImageData(0, 0, canvas.width, canvas.height).data };
        };
        const shot = await pixels(one!);
        const image = await pixels(other!, shot.width, shot.height);
        let differ = 0;
        const colors = new Set<number>();
        for (let at = 0; at < shot.data.length; at += 4) {
          const far = [0, 1, 2].some((channel) => Math.abs(shot.data[at + channel]! - image.data[at + channel]!) > 96);
          if (far) differ += 1;
          colors.add((image.data[at]! << 16) | (image.data[at + 1]! << 8) | image.data[at + 2]!);
        }
        return { width: image.width, height: image.height, differ: differ / (shot.data.length / 4), colors: colors.size };
      },
      [shot, image],
    );
    expect([found.width, found.height]).toEqual([2 * Math.ceil(box.width), 2 * Math.ceil(box.height)]);
    expect(found.differ).toBeLessThan(0.02);
    expect(found.colors).toBeGreaterThan(20);
  }
});

test('Explore opens with the query as it was asked', async ({ page }) => {
  await page.goto(`/d/${uid}?var-job=phoenix`);
  await shown(page);
  await page.getByRole('button', { name: 'Menu of Up by job' }).click();
  await page.getByRole('menuitem', { name: 'Explore' }).click();
  await expect(page).toHaveURL(/\/explore\?/);
  const at = new URL(page.url()).searchParams;
  expect([at.get('q0'), at.get('range'), at.get('end')]).toEqual(['up{job=~"phoenix"}', '15m', null]);
});

test('a failed refresh keeps what was shown and says so', async ({ page }) => {
  await answerWith(page, [1, 2, 3]);
  await page.goto(`/d/${uid}`);
  await expect(panel(page, 'Targets up')).toContainText('4');
  await page.unroute(query);
  await page.route(query, (route) => route.fulfill({ status: 200, contentType: 'application/x-ndjson', body: '' }));
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await expect(page.getByText(/The last refresh failed: .*cut off/)).toBeAttached();
  await expect(panel(page, 'Targets up')).toContainText('4');
  await expect(page.getByRole('button', { name: 'Targets up: a query failed' })).toBeVisible();
});

test('what is not shown is listed, and the list leads to it', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await expect(panel(page, 'Flowers')).toContainText('Not shown');
  await page.getByRole('button', { name: '1 thing not as meant' }).click();
  const report = page.getByRole('dialog', { name: 'What is not shown as it was meant' });
  await expect(report.getByText(/acme-flower-panel/).first()).toBeVisible();
  await report.getByRole('button', { name: 'Go to Flowers' }).click();
  await expect(report).toHaveCount(0);
  await expect(panel(page, 'Flowers')).toBeFocused();
});

test('with the keyboard alone: to the list, to a dashboard, its rows, kiosk mode, the help', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Home');
  await page.keyboard.press('g');
  await page.keyboard.press('d');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dashboards');
  await expect(page.getByRole('searchbox', { name: 'Filter dashboards' })).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('browser tests');
  const link = page.getByRole('link', { name: board.title });
  await expect(link).toHaveCount(1);
  for (let step = 0; step < 12 && !(await link.evaluate((element) => element === document.activeElement)); step += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await shown(page);
  const request = page.waitForRequest(query);
  await page.keyboard.press('d');
  await page.keyboard.press('r');
  await request;
  await page.keyboard.press('d');
  await page.keyboard.press('Shift+E');
  await expect(panel(page, 'Scrapes')).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Twice the range of time')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('d');
  await page.keyboard.press('k');
  await expect(page).toHaveURL(/kiosk=true/);
  await expect(page.getByRole('navigation', { name: 'Pages' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
});

test('it refreshes by itself, and not while it is hidden', async ({ page }) => {
  let count = 0;
  page.on('request', (request) => (count += Number(request.url().endsWith('/dashboards/query'))));
  await page.goto(`/d/${uid}?refresh=1s`);
  await expect.poll(() => count).toBeGreaterThan(2);
  await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true, configurable: true }));
  await shown(page);
  const before = count;
  await page.waitForTimeout(2_500);
  expect(count).toBe(before);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: false, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect.poll(() => count).toBeGreaterThan(before);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });
    test('axe has no serious finding of a dashboard and what opens on it', async ({ page }) => {
      await page.goto(`/d/${uid}`);
      await shown(page);
      await page.waitForTimeout(300);
      await expectNoSeriousFinding(page);
      await page.getByRole('button', { name: 'Job: All' }).click();
      await expect(page.getByRole('option', { name: 'All' })).toBeVisible();
      await page.waitForTimeout(300);
      await expectNoSeriousFinding(page);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Last 15 minutes' }).click();
      await expect(page.getByLabel('From', { exact: true })).toBeVisible();
      await page.waitForTimeout(300);
      await expectNoSeriousFinding(page);
      await page.goto(`/d/${uid}?inspect=1&inspectTab=query`);
      await expect(page.getByRole('dialog', { name: 'Inspect: Up by job' }).getByRole('tab', { name: 'Queries' })).toBeVisible();
      await page.waitForTimeout(400);
      await expectNoSeriousFinding(page);
    });
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 } });
  test('panels stand in one column, without sideways scrolling', async ({ page }) => {
    await page.goto(`/d/${uid}`);
    await shown(page);
    const [first, second] = [(await panel(page, 'Up by job').boundingBox())!, (await panel(page, 'Targets up').boundingBox())!];
    expect([second.x, second.y >= first.y + first.height]).toEqual([first.x, true]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});

test('printed, all panels are there and the controls are not', async ({ page }) => {
  await page.goto(`/d/${uid}`);
  await shown(page);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('button', { name: 'Refresh now' })).toBeHidden();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeHidden();
  await expect(panel(page, 'Up by job').locator('canvas')).toBeVisible();
});

test.describe('in the dark', () => {
  test.use({ colorScheme: 'dark' });
  test('printing waits for panels that were off the screen, and brings them to paper in light colours', async ({ page, request }) => {
    const many = { ...board, uid: 'e2e-long', title: 'A long board', panels: Array.from({ length: 14 }, (_, at) => chart(at + 1, `Chart ${at + 1}`, { x: 0, y: at * 8, w: 24, h: 8 }, `up{job=~"$job"} + ${at}`)) };
    expect((await request.post('/api/phoenix/v1/dashboards', { data: { dashboard: many, overwrite: true } })).ok()).toBe(true);
    // What is on the page at the moment of the print.
    await page.addInitScript(() => {
      window.print = () => {
        const root = document.documentElement;
        Object.assign(window, { printed: { canvases: document.querySelectorAll('[data-panel] canvas').length, wide: document.querySelector('.dash-sections')!.clientWidth, scheme: root.dataset.mantineColorScheme, dialogs: [...document.querySelectorAll('[role="dialog"]')].filter((one) => one.checkVisibility()).length } });
      };
    });
    await page.goto('/d/e2e-long');
    await shown(page);
    expect(await page.locator('[data-panel] canvas').count()).toBeLessThan(14);
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Print' }).click();
    await expect(page.getByText(/Drawing panels: \d+ of 14/)).toBeVisible();
    await page.waitForFunction(() => 'printed' in window);
    expect(await page.evaluate(() => (window as unknown as { printed: unknown }).printed)).toEqual({ canvases: 14, wide: 980, scheme: 'light', dialogs: 0 });
    // Afterwards everything is as before, and what cannot be seen is not asked for.
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
    await expect(page.locator('html[data-printing]')).toHaveCount(0);
    const counts: number[] = [];
    page.on('request', (one) => one.url().includes('/dashboards/query') && counts.push((one.postDataJSON() as { queries: unknown[] }).queries.length));
    await page.keyboard.press('d');
    await page.keyboard.press('r');
    await expect.poll(() => counts.length).toBeGreaterThan(0);
    expect(counts[0]).toBeLessThan(14);
  });
});
