import type { Locator } from '@playwright/test';
import { expect, test } from './page';

/** The strategy's dashboards, and the panels for which the demo may have no data: without errors there are none, nothing is sent by remote write, the growth of a week takes a week. */
const boards = [
  { uid: 'phoenix-executive', empty: [] },
  { uid: 'phoenix-operations', empty: ['Remote write', 'Notifications', 'Request growth', 'Errors', 'Errors in logs', 'Errors by service'] },
  { uid: 'phoenix-experiment-results', empty: [] },
] as const;

interface Panel {
  type: string;
  title: string;
}

test.beforeEach(async ({ request }) => {
  test.skip(!process.env.PHOENIX_URL, 'needs the real program');
  const home = (await (await request.get('/api/phoenix/v1/home')).json()) as { demo: boolean };
  test.skip(!home.demo, 'needs `phoenix demo`');
  test.setTimeout(240_000);
  // The first experiments have ended by then, and most panels tell of those.
  const ended = '/api/v1/query?query=' + encodeURIComponent('phoenix:experiments_ended:increase1h > 0 and phoenix:estimated_monthly_savings_usd:sum');
  const count = async () => ((await (await request.get(ended)).json()) as { data: { result: unknown[] } }).data.result.length;
  await expect.poll(count, { timeout: 200_000 }).toBeGreaterThan(0);
});

/** Whether a panel draws something or tells a figure; otherwise it has to say that there is nothing. */
async function tellsSomething(panel: Locator) {
  if (await panel.getByText(/^No (data|logs)$/).count()) return false;
  return (await panel.locator('[data-chart], canvas, svg.sparkline').count()) > 0 || /\d/.test((await panel.innerText()).replace(/^.*\n/, ''));
}

for (const { uid, empty } of boards) {
  test(`each panel of ${uid} shows figures or says that there are none`, async ({ page, request }) => {
    const { dashboard, report } = (await (await request.get(`/api/phoenix/v1/dashboards/${uid}`)).json()) as { dashboard: { panels: Panel[] }; report: unknown[] };
    expect(report).toEqual([]);
    await page.goto(`/d/${uid}?from=now-5m&to=now`);
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.length).toBeGreaterThan(8);
    for (const { title } of panels) {
      const panel = page.getByRole('region', { name: title, exact: true }).first();
      await panel.scrollIntoViewIfNeeded();
      await expect(panel, title).not.toHaveAttribute('aria-busy', 'true');
      await expect(panel.getByRole('alert'), title).toHaveCount(0);
      if ((empty as readonly string[]).includes(title)) {
        const told = async () => (await tellsSomething(panel)) || /No (data|logs)/.test(await panel.innerText());
        await expect.soft.poll(told, { message: title, timeout: 30_000 }).toBe(true);
      } else {
        await expect.soft.poll(() => tellsSomething(panel), { message: title, timeout: 30_000 }).toBe(true);
      }
    }
    await expect(page.getByRole('alert')).toHaveCount(0);
  });
}
