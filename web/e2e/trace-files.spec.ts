import type { Page } from '@playwright/test';
import { jaeger, zipkin } from '../src/traces/files/samples';
import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

const fileOf = (name: string, body: unknown) => ({ name, mimeType: 'application/json', buffer: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });

async function open(page: Page, name: string, body: unknown) {
  await page.locator('input[type="file"]').setInputFiles(fileOf(name, body));
}

/** Two traces of Jaeger’s: the sample, and one of a span. */
const two = { data: [...jaeger.data, { traceID: 'fe', spans: [{ traceID: 'fe', spanID: '1', operationName: 'tick', startTime: 1733130000000000, duration: 5, processID: 'p1' }], processes: { p1: { serviceName: 'cron' } } }] };

test('Jaeger’s file has waterfall, flame graph, critical path and details; nothing is sent', async ({ page }) => {
  await page.goto('/traces');
  await expect(page.getByRole('button', { name: 'Open file' })).toBeVisible();
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET' || (request.postData() ?? '') !== '') sent.push(request.url());
  });
  await open(page, 'hotrod.json', jaeger);
  await expect(page.getByText('From the file hotrod.json, not stored.')).toBeVisible();
  await expect(page.getByText(/Jaeger’s JSON.*nothing of it was sent anywhere/)).toBeVisible();
  await expect(page.getByRole('treeitem')).toHaveCount(4);
  await expect(page.locator('.path-bar').first()).toBeAttached();
  await page.getByRole('treeitem').filter({ hasText: 'GetDriver' }).click();
  const details = page.getByRole('region', { name: 'Span GetDriver' });
  await expect(details.getByText('redis timeout')).toBeVisible();
  await expect(details.getByRole('button', { name: 'Logs of this span' })).toHaveCount(0);
  await page.getByText('Flame graph', { exact: true }).click();
  await expect(page.locator('.flame-frame').first()).toContainText('HTTP GET /dispatch');
  expect(sent).toEqual([]);
});

test('of several traces in a file one is chosen from a list', async ({ page }) => {
  await page.goto('/traces');
  await open(page, 'two.json', two);
  await expect(page.getByRole('heading', { name: 'two.json' })).toBeVisible();
  const list = page.getByRole('region', { name: 'Traces of the file' });
  await expect(list.getByRole('link')).toHaveText(['frontend HTTP GET /dispatch', 'cron tick']);
  await page.getByRole('searchbox', { name: 'Service, operation or trace ID' }).fill('cron');
  await expect(page.getByText('1 of 2 traces')).toBeVisible();
  await list.getByRole('link', { name: 'cron tick' }).click();
  await expect(page.getByRole('treeitem')).toHaveCount(1);
  await page.getByRole('link', { name: 'All 2 traces' }).click();
  await expect(list.getByRole('link')).toHaveCount(2);
});

test('a file is dropped on the page: Zipkin’s, with a span that client and server share', async ({ page }) => {
  await page.goto('/traces');
  await expect(page.getByRole('button', { name: 'Open file' })).toBeVisible();
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'zipkin.json'));
    return transfer;
  }, JSON.stringify(zipkin));
  await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
  await expect(page.getByText('Drop a file with traces')).toBeVisible();
  await expectNoSeriousFinding(page);
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  await expect(page.getByText('Drop a file with traces')).toHaveCount(0);
  await expect(page.getByText('From the file zipkin.json, not stored.')).toBeVisible();
  await expect(page.getByRole('treeitem')).toHaveCount(3);
  // Caller and callee have one id, and each its own details.
  await page.getByRole('treeitem').filter({ hasText: 'backend get /api' }).click();
  await expect(page).toHaveURL(/span=90394f6bcffb5d13\.2$/);
  await expect(page.getByRole('region', { name: 'Span get /api' }).getByRole('heading').first()).toHaveText('backend get /api');
});

test('what is wrong with a file is told, and at which span', async ({ page }) => {
  await page.goto('/traces');
  await open(page, 'x.json', { a: 1 });
  await expect(page.getByRole('alert')).toContainText('x.json cannot be shown. This is no trace in a format that this page knows: its keys are `a`. Known are OTLP (`resourceSpans`');
  await open(page, 'y.json', [{ traceId: 'a', id: '1', name: 'get', timestamp: 'noon' }]);
  await expect(page.getByRole('alert')).toContainText('[0] (get, 1): `timestamp` is no number of microseconds: "noon"');
  await open(page, 'z.json', '{"data": [');
  await expect(page.getByRole('alert')).toContainText('The file is no JSON');
  await expectNoSeriousFinding(page);
  await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a trace that the file does not have is looked for in the store', async ({ page }) => {
  await page.goto('/traces');
  await open(page, 'hotrod.json', jaeger);
  await page.getByRole('treeitem').filter({ hasText: 'report' }).click();
  await page.getByRole('link', { name: 'aaaabbbbccccddddaaaabbbbccccdddd' }).click();
  await expect(page.getByText('This trace is not in the file')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Look among the stored traces' })).toHaveAttribute('href', '/traces/aaaabbbbccccddddaaaabbbbccccdddd');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no serious finding of axe for a file, in ${colorScheme}, and room on a phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto('/traces');
    await open(page, 'two.json', two);
    const check = async () => {
      await page.waitForTimeout(200);
      await expectNoSeriousFinding(page);
      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await page.setViewportSize({ width: 1280, height: 850 });
    };
    await expect(page.getByRole('link', { name: 'cron tick' })).toBeVisible();
    await check();
    await page.getByRole('link', { name: 'frontend HTTP GET /dispatch' }).click();
    await page.getByRole('treeitem').first().click();
    await expect(page.getByRole('heading', { name: 'Attributes' })).toBeVisible();
    await check();
  });
}
