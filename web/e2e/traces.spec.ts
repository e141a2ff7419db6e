import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

/** Spans that are always there: in the demo the sample service is called all the time, and traces each call. */
const service = '{ resource.service.name = "phoenix-api" }';
const traces = (query: string, more = '') => `/traces?q=${encodeURIComponent(query)}${more}`;

/** Opens the first trace of a search; in a demo that has just begun it takes a while until there is one. */
async function openFirst(page: Page, query = service) {
  await expect(async () => {
    await page.goto(traces(query));
    await expect(page.locator('.trace-name').first()).toBeVisible({ timeout: 3_000 });
  }).toPass({ timeout: 30_000 });
  await page.locator('.trace-name').first().click();
  await expect(page).toHaveURL(/\/traces\/[0-9a-f]{32}/);
  await expect(page.getByRole('tree', { name: 'Spans' }).getByRole('treeitem').first()).toBeVisible();
}

test('the form completes, writes TraceQL and finds', async ({ page }) => {
  await openFirst(page);
  await page.goto('/traces');
  const field = page.getByLabel('Service');
  await field.focus();
  await expect(page.locator('datalist option[value="phoenix-api"]')).toHaveCount(1);
  await field.fill('phoenix-api');
  await page.getByLabel('Lasts at least').fill('1us');
  await expect(page.locator('.search-text')).toHaveText('{ resource.service.name = "phoenix-api" && duration >= 1us }');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  await expect(page).toHaveURL(/q=/);
  await expect(page.locator('.trace-name').first()).toBeVisible();
  await expect(page.getByRole('figure', { name: /^Durations over time/ })).toBeVisible();
  await page.getByText('TraceQL', { exact: true }).click();
  await expect(page.locator('.cm-content')).toContainText('duration >= 1us');
});

test('a wrong duration is told beside its field', async ({ page }) => {
  await page.goto('/traces');
  await page.getByLabel('Lasts at most').fill('soon');
  await expect(page.getByText('Such as 250ms or 1.5s')).toBeVisible();
});

test('found spans lead into their trace', async ({ page }) => {
  await openFirst(page);
  await page.goBack();
  await page.getByRole('button', { name: /found spans of/ }).first().click();
  await page.locator('.found-spans a').first().click();
  await expect(page).toHaveURL(/span=[0-9a-f]{16}/);
  await expect(page.getByRole('heading', { name: 'Attributes' })).toBeVisible();
});

test('a trace is read by keys', async ({ page }) => {
  // A trace whose root has children; that of a health check has none.
  await openFirst(page, '{ resource.service.name = "phoenix-api" } >> { }');
  const tree = page.getByRole('tree', { name: 'Spans' });
  await tree.focus();
  const before = await tree.getByRole('treeitem').count();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await expect(tree.getByRole('treeitem').first()).toHaveAttribute('aria-expanded', 'false');
  expect(await tree.getByRole('treeitem').count()).toBeLessThan(before);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/span=/);
  await expect(page.getByRole('region', { name: /^Span / })).toBeVisible();
  await page.getByRole('button', { name: 'Close the span’s details' }).click();
  await expect(page).not.toHaveURL(/span=/);
});

test('search within, critical path, zoom', async ({ page }) => {
  await openFirst(page);
  await page.getByRole('searchbox', { name: 'Search in the spans' }).fill('phoenix-api');
  await expect(page.getByText(/\d+ found$/)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.locator('.span-row.marked').first()).toBeVisible();
  await page.getByLabel('Which spans are shown').selectOption('path');
  await expect(page.locator('.path-bar').first()).toBeAttached();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await page.getByRole('button', { name: 'Whole trace' }).click();
  await expect(page.getByRole('button', { name: 'Whole trace' })).toBeDisabled();
});

test('flame graph and operations', async ({ page }) => {
  await openFirst(page);
  await page.getByText('Flame graph', { exact: true }).click();
  await expect(page).toHaveURL(/view=flame/);
  const frame = page.locator('.flame-frame').first();
  await frame.focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('.flame-told')).toContainText('in itself');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Whole trace' })).toBeDisabled();
  await page.getByText('Operations', { exact: true }).click();
  await expect(page.getByRole('columnheader', { name: 'On the critical path' })).toBeVisible();
});

test('a trace is taken along and shown again from the file', async ({ page }) => {
  await openFirst(page);
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const download = await waiting;
  const path = await download.path();
  const { resourceSpans } = JSON.parse(readFileSync(path, 'utf8')) as { resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[] };
  expect(resourceSpans[0]!.scopeSpans[0]!.spans[0]!.traceId).toMatch(/^[0-9a-f]{32}$/);
  const rows = await page.getByRole('treeitem').count();
  await page.goto('/traces');
  await page.locator('input[type="file"]').setInputFiles({ name: 'kept.json', mimeType: 'application/json', buffer: readFileSync(path) });
  await expect(page.getByText('From the file kept.json, not stored.')).toBeVisible();
  await expect(page.getByRole('treeitem')).toHaveCount(rows);
  await page.reload();
  await expect(page.getByText('The file of this trace is no longer open')).toBeVisible();
});

test('two traces are compared', async ({ page }) => {
  await openFirst(page);
  await expect(async () => {
    await page.goto(traces(service));
    await expect(page.getByRole('checkbox')).not.toHaveCount(1, { timeout: 3_000 });
  }).toPass({ timeout: 30_000 });
  await page.getByRole('checkbox').nth(0).check();
  await page.getByRole('checkbox').nth(1).check();
  await page.getByRole('link', { name: 'Compare these two' }).click();
  await expect(page.getByRole('region', { name: 'Differences' }).getByRole('row').nth(1)).toBeVisible();
  await expectNoSeriousFinding(page);
});

test('metrics queries give a chart', async ({ page }) => {
  await page.goto(traces(`${service} | rate() by (name)`, '&range=5m'));
  await expect(page.locator('.u-over')).toBeVisible();
  await expect(page.locator('.legend tbody tr').first()).toBeVisible();
});

test('a span leads to its logs and metrics', async ({ page }) => {
  await openFirst(page);
  await page.getByRole('treeitem').filter({ hasText: 'phoenix-api' }).first().click();
  await expect(page.getByRole('link', { name: 'Calls of phoenix-api' })).toHaveAttribute('href', /traces_spanmetrics_calls_total/);
  await page.getByRole('button', { name: 'Logs of this span' }).click();
  await expect(page).toHaveURL(/\/logs\?q=.*phoenix-api/);
});

test('a line of the log leads to its trace', async ({ page }) => {
  await page.goto(`/logs?q=${encodeURIComponent('{service_name="phoenix-api"} |= "trace_id"')}`);
  await page.locator('.log-line').first().click();
  await expect(page.getByRole('link', { name: /^Trace [0-9a-f]{8}/ })).toHaveAttribute('href', /^\/traces\/[0-9a-f]{32}$/);
});

test('the map shows who calls whom, or says what it is made of', async ({ page }) => {
  await page.goto('/traces/map');
  const map = page.getByRole('group', { name: /^Map of \d+ services/ });
  await expect(map.or(page.getByText('No calls in this range'))).toBeVisible();
  if (process.env.PHOENIX_URL === undefined) {
    await map.getByRole('link', { name: /phoenix-api/ }).click();
    await expect(page).toHaveURL(/\/traces\?q=.*phoenix-api/);
  }
});

test('exemplars on a chart lead to their traces', async ({ page }) => {
  test.skip(process.env.PHOENIX_URL !== undefined, 'whether a series has exemplars is not the page’s matter');
  await page.goto('/explore?q0=sum(rate(requests_total%5B5m%5D))');
  await page.getByRole('switch', { name: 'Exemplars' }).click();
  await expect(page).toHaveURL(/exemplars=1/);
  await page.getByText(/^Exemplars: 8 traces/).click();
  const link = page.getByRole('region', { name: 'Exemplars' }).getByRole('link').first();
  await expect(link).toHaveAttribute('href', /^\/traces\/[0-9a-f]{32}\?span=/);
  await expectNoSeriousFinding(page);
  await link.click();
  await expect(page.getByRole('treeitem').first()).toBeVisible();
});

test('the editor underlines what the server finds', async ({ page }) => {
  await page.goto('/traces?mode=traceql');
  await page.locator('.cm-content').click();
  await page.keyboard.type('{} | rates(');
  await expect(page.locator('.cm-lintRange-error').first()).toBeAttached();
});

test('the editor completes attributes and their values', async ({ page }) => {
  await openFirst(page);
  await page.goto('/traces?mode=traceql');
  await page.locator('.cm-content').click();
  await page.keyboard.type('{ resource.service.na');
  await expect(page.getByRole('option', { name: 'resource.service.name' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.type('me = "phoenix-a');
  await page.getByRole('option', { name: /phoenix-api/ }).click();
  await expect(page.locator('.cm-content')).toHaveText('{ resource.service.name = "phoenix-api"}');
});

test.describe('what cannot be had', () => {
  test.use({ allowed: '400|404' });
  test('a trace that is not there is told', async ({ page }) => {
    await page.goto('/traces/deadbeefdeadbeefdeadbeefdeadbee1');
    await expect(page.getByText('This trace is not here')).toBeVisible();
  });
  test('a wrong query is answered in the server’s words', async ({ page }) => {
    await page.goto(traces('{ name = ', '&mode=traceql'));
    await expect(page.getByRole('alert').first()).toBeVisible();
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no serious finding of axe in a trace, in ${colorScheme}, and room on a phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await openFirst(page);
    await page.getByRole('treeitem').first().click();
    await expect(page.getByRole('heading', { name: 'Attributes' })).toBeVisible();
    for (const view of ['', 'view=flame', 'view=operations']) {
      const address = new URL(page.url());
      address.search = view;
      await page.goto(address.href);
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      await page.waitForTimeout(200);
      await expectNoSeriousFinding(page);
      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await page.setViewportSize({ width: 1280, height: 850 });
    }
  });
}

test('100,000 spans draw only the rows in sight', async ({ page }) => {
  test.skip(process.env.PHOENIX_URL !== undefined, 'the trace is made up by the mock');
  await page.goto('/traces/000000000000000000000000000b1600');
  await expect(page.getByText('100,000 spans', { exact: true })).toBeVisible({ timeout: 30_000 });
  const tree = page.getByRole('tree', { name: 'Spans' });
  await tree.focus();
  await page.keyboard.press('End');
  await expect(page.locator('.span-row.active')).toBeVisible();
  expect(await page.getByRole('treeitem').count()).toBeLessThan(120);
  await page.getByRole('button', { name: 'Collapse all' }).click();
  await expect(page.getByText('1 of 100,000 spans')).toBeVisible();
});
