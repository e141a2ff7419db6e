import type { Page } from '@playwright/test';
import { start } from '../../gallery/case';
import { expect, reading, shownCase, test, tipLines } from './gallery';

const minute = 60_000;
const tip = (page: Page) => page.locator('.panel-tip');
const pinned = (page: Page) => page.locator('.panel-tip.pinned');

test('timeseries: pointing, the legend by pointer and by key, dragging, widening', async ({ page, open }) => {
  await open(['timeseries: stacked', 'timeseries: area']);
  const chart = shownCase(page, 'timeseries: stacked');
  const { series, scales, plot, x } = await reading(chart);
  expect(scales.x).toEqual([start, start + 60 * minute]);
  // Each stands upon the sum of those before it, at every time.
  for (let at = 0; at < x.length; at += 1) {
    let sum = 0;
    for (const one of series) {
      sum += one.values[at]!;
      expect(Math.abs(one.drawn[at]! - sum), `${one.name} at ${at}`).toBeLessThan(1e-9);
    }
  }
  // At 30 % of an hour stands the minute 18.
  const at = [plot.left + plot.width * 0.3, plot.top + plot.height * 0.5] as const;
  await page.mouse.move(...at);
  await tip(page).waitFor();
  expect((await tipLines(page)).slice(0, 3)).toEqual(['2026-03-10 12:18:00', 'user', `${series[0]!.values[18]!.toFixed(1)}%`]);
  // The line across is shared with the other charts.
  expect(await shownCase(page, 'timeseries: area').locator('.u-cursor-x').evaluate((node) => (node as HTMLElement).style.transform)).not.toBe('');
  await page.mouse.click(...at);
  await pinned(page).waitFor();
  await page.keyboard.press('Escape');
  await expect(pinned(page)).toHaveCount(0);

  const shown = async () => (await reading(chart)).series.filter((one) => one.shown).map((one) => one.name);
  const legend = (name: string) => chart.getByRole('button', { name, exact: true });
  await legend('system').click();
  expect(await shown()).toEqual(['system']);
  const alone = (await reading(chart)).series[1]!;
  expect(alone.drawn[0]).toBe(alone.values[0]);
  await legend('user').focus();
  await page.keyboard.press('Enter');
  expect(await shown()).toEqual(['user']);
  await legend('steal').click({ modifiers: ['Control'] });
  expect(await shown()).toEqual(['user', 'steal']);

  await page.mouse.move(plot.left + plot.width * 0.25, plot.top + 50);
  await page.mouse.down();
  await page.mouse.move(plot.left + plot.width * 0.4, plot.top + 50);
  await page.mouse.move(plot.left + plot.width * 0.5, plot.top + 50);
  await page.mouse.up();
  const near = async (from: number, to: number) => {
    const [low, high] = (await reading(chart)).scales.x!.map((time) => (time - start) / minute) as [number, number];
    expect(Math.abs(low - from) < 1 && Math.abs(high - to) < 1, `${low} to ${high} minutes, not ${from} to ${to}`).toBe(true);
  };
  await near(15, 30);
  await page.mouse.dblclick(plot.left + plot.width / 2, plot.top + 50);
  await near(7.5, 37.5);
  await expect(pinned(page)).toHaveCount(0);
});

test('timeseries: a click leads to the links of the moment', async ({ page, open }) => {
  await open(['timeseries: links']);
  const { plot } = await reading(shownCase(page, 'timeseries: links'));
  await page.mouse.click(plot.left + plot.width / 2, plot.top + plot.height / 2);
  const links = pinned(page).locator('a');
  await links.first().waitFor();
  const at = start + 30 * minute;
  // The tooltip lists the greatest value first; the link that would run a script is not there.
  expect(await links.evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute('href')]))).toEqual([
    [`Logs of two at ${at}`, `/logs?q=two&at=${at}`],
    [`Logs of one at ${at}`, `/logs?q=one&at=${at}`],
  ]);
});

test('timeseries: an exemplar leads to its trace', async ({ page, open }) => {
  await open(['timeseries: exemplars']);
  const { plot, scales } = await reading(shownCase(page, 'timeseries: exemplars'));
  const [low, high] = Object.entries(scales).find(([key]) => key !== 'x')![1];
  // The third of the case's: four minutes after the start, at 0.55.
  await page.mouse.click(plot.left + (plot.width * 4) / 60, plot.top + ((high - 0.55) / (high - low)) * plot.height);
  await expect(pinned(page).locator('a')).toHaveAttribute('href', `/traces/${'2'.padStart(32, '0')}`);
});

test('timeseries: annotations are told by key', async ({ page, open }) => {
  await open(['timeseries: annotations']);
  await page.getByRole('button', { name: /^Deploy/ }).focus();
  expect(await page.locator('.annotation-tip').innerText()).toMatch(/2026-03-10 12:15:00\nDeploy\nweb 1.2.3/);
  await page.keyboard.press('Escape');
  await expect(page.locator('.annotation-tip')).toHaveCount(0);
});

test('timeseries: data outside of the range is found', async ({ page, open }) => {
  await open(['timeseries: outside of the range']);
  await page.getByRole('button', { name: /zoom to data/ }).click();
  expect((await reading(shownCase(page, 'timeseries: outside of the range'))).scales.x).toEqual([start, start + 60 * minute]);
});

test('histogram: all are counted', async ({ page, open }) => {
  await open(['histogram: combined, buckets of 20']);
  const { x, series } = await reading(shownCase(page, 'histogram: combined, buckets of 20'));
  expect([x[0], series.length, series[0]!.values.reduce((sum, count) => sum! + count!, 0)]).toEqual(['45 ms', 1, 1_200]);
});

test('heatmap: a cell is told', async ({ page, open }) => {
  await open(['heatmap: buckets of Prometheus']);
  const { series, plot, x } = await reading(shownCase(page, 'heatmap: buckets of Prometheus'));
  expect([series.length, series[0]!.name, series[5]!.name, x.length]).toEqual([12, 'up to 5 ms', '100 ms to 250 ms', 61]);
  // The middle of the column that ends at 12:11 and of the sixth row of twelve.
  await page.mouse.move(plot.left + (plot.width * 10.5) / 60, plot.top + (plot.height * 6.5) / 12);
  await tip(page).waitFor();
  expect(await tipLines(page)).toEqual(['2026-03-10 12:10:00 to 2026-03-10 12:11:00', 'Bucket', '100 ms to 250 ms', 'Count', String(series[5]!.values[11])]);
});
