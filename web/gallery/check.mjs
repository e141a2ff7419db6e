// What a person does with charts, tried in a browser: `node gallery/check.mjs`. Fails at the first thing that is not as it should be.
import assert from 'node:assert/strict';
import { withGallery } from './serve.mjs';

const start = Date.UTC(2026, 2, 10, 12);
const minute = 60_000;
const chart = (page, place = 0) => page.locator('[data-chart]').nth(place);
/** What the chart says of itself (`src/dashboard/panels/reading.ts`). */
const reading = (page, place) => chart(page, place).evaluate((node) => node.__chart());
const tip = (page) => page.locator('.panel-tip');
const lines = async (page) => (await tip(page).innerText()).split('\n').filter((line) => line !== '×');

const checks = {
  'timeseries: stacked': async (page) => {
    const { series, scales, plot, x } = await reading(page);
    assert.deepEqual(scales.x, [start, start + 60 * minute]);
    // Each stands upon the sum of those before it, at every time.
    for (let at = 0; at < x.length; at += 1) {
      let sum = 0;
      for (const one of series) {
        sum += one.values[at];
        assert.ok(Math.abs(one.drawn[at] - sum) < 1e-9, `${one.name} at ${at}`);
      }
    }
    // At 30 % of an hour stands the minute 18.
    const at = [plot.left + plot.width * 0.3, plot.top + plot.height * 0.5];
    await page.mouse.move(...at);
    await tip(page).waitFor();
    const said = await lines(page);
    assert.equal(said[0], '2026-03-10 12:18:00');
    assert.deepEqual(said.slice(1, 3), ['user', `${series[0].values[18].toFixed(1)}%`]);
    // The line across is shared with the other charts.
    assert.notEqual(await page.locator('.u-cursor-x').nth(1).evaluate((node) => node.style.transform), '');
    await page.mouse.click(...at);
    await page.locator('.panel-tip.pinned').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.panel-tip.pinned').waitFor({ state: 'detached' });

    const shown = async () => (await reading(page)).series.filter((one) => one.shown).map((one) => one.name);
    const legend = (name) => page.locator('[data-case]').first().getByRole('button', { name, exact: true });
    await legend('system').click();
    assert.deepEqual(await shown(), ['system']);
    assert.equal((await reading(page)).series[1].drawn[0], series[1].values[0]);
    await legend('user').focus();
    await page.keyboard.press('Enter');
    assert.deepEqual(await shown(), ['user']);
    await legend('steal').click({ modifiers: ['Control'] });
    assert.deepEqual(await shown(), ['user', 'steal']);

    await page.mouse.move(plot.left + plot.width * 0.25, plot.top + 50);
    await page.mouse.down();
    await page.mouse.move(plot.left + plot.width * 0.4, plot.top + 50);
    await page.mouse.move(plot.left + plot.width * 0.5, plot.top + 50);
    await page.mouse.up();
    const near = async (from, to) => {
      const [low, high] = (await reading(page)).scales.x;
      assert.ok(Math.abs(low - start - from * minute) < minute && Math.abs(high - start - to * minute) < minute, `${(low - start) / minute} to ${(high - start) / minute} minutes, not ${from} to ${to}`);
    };
    await near(15, 30);
    await page.mouse.dblclick(plot.left + plot.width / 2, plot.top + 50);
    await near(7.5, 37.5);
    assert.equal(await page.locator('.panel-tip.pinned').count(), 0);
  },
  'timeseries: links': async (page) => {
    const { plot } = await reading(page);
    await page.mouse.click(plot.left + plot.width / 2, plot.top + plot.height / 2);
    const links = page.locator('.panel-tip.pinned a');
    await links.first().waitFor();
    const at = start + 30 * minute;
    // The tooltip lists the greatest value first.
    assert.deepEqual(await links.evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute('href')])), [[`Logs of two at ${at}`, `/logs?q=two&at=${at}`], [`Logs of one at ${at}`, `/logs?q=one&at=${at}`]]);
  },
  'timeseries: exemplars': async (page) => {
    const { plot, scales } = await reading(page);
    const value = Object.entries(scales).find(([key]) => key !== 'x')[1];
    // The third of the case's: four minutes after the start, at 0.55.
    await page.mouse.click(plot.left + (plot.width * 4) / 60, plot.top + ((value[1] - 0.55) / (value[1] - value[0])) * plot.height);
    const link = page.locator('.panel-tip.pinned a');
    await link.waitFor();
    assert.equal(await link.getAttribute('href'), `/traces/${'2'.padStart(32, '0')}`);
  },
  'timeseries: annotations': async (page) => {
    await page.getByRole('button', { name: /^Deploy/ }).focus();
    assert.match(await page.locator('.annotation-tip').innerText(), /2026-03-10 12:15:00\nDeploy\nweb 1.2.3/);
    await page.keyboard.press('Escape');
    await page.locator('.annotation-tip').waitFor({ state: 'detached' });
  },
  'timeseries: outside': async (page) => {
    await page.getByRole('button', { name: /zoom to data/ }).click();
    assert.deepEqual((await reading(page)).scales.x, [start, start + 60 * minute]);
  },
  'barchart: stacked': async (page) => {
    const { x, series } = await reading(page);
    assert.deepEqual([x[0], series[0].drawn[0], series[1].drawn[0], series[1].values[0]], ['Berlin', 120, 132, 12]);
    const box = await chart(page).boundingBox();
    const { plot } = await reading(page);
    await page.mouse.move(box.x + plot.left + plot.width * 0.1, box.y + plot.top + plot.height * 0.5);
    await tip(page).waitFor();
    assert.deepEqual(await lines(page), ['Berlin', 'Sold', '120', 'Returned', '12']);
  },
  'histogram: combined': async (page) => {
    const { x, series } = await reading(page);
    assert.deepEqual([x[0], series.length, series[0].values.reduce((sum, count) => sum + count, 0)], ['45 ms', 1, 1_200]);
  },
  'heatmap: buckets of Prometheus': async (page) => {
    const { series, plot, x } = await reading(page);
    assert.deepEqual([series.length, series[0].name, series[5].name, x.length], [12, 'up to 5 ms', '100 ms to 250 ms', 61]);
    // The middle of the column that ends at 12:11 and of the sixth row of twelve.
    await page.mouse.move(plot.left + (plot.width * 10.5) / 60, plot.top + (plot.height * 6.5) / 12);
    await tip(page).waitFor();
    assert.deepEqual(await lines(page), ['2026-03-10 12:10:00 to 2026-03-10 12:11:00', 'Bucket', '100 ms to 250 ms', 'Count', String(series[5].values[11])]);
  },
};

await withGallery(async (open) => {
  for (const [name, check] of Object.entries(checks)) {
    const page = await open({ theme: 'light', case: name }, (what) => assert.fail(what));
    try {
      await check(page);
    } catch (error) {
      throw new Error(`${name} is not as it should be`, { cause: error });
    }
    console.log(`ok  ${name}`);
    await page.close();
  }
});
process.exit(0);
