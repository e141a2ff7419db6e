import type { Locator, Page } from '@playwright/test';
import { caseOf, expect, reading, shownCase, test, tipLines } from './gallery';
import { tableOf } from './readers';

const tip = (page: Page) => page.locator('.panel-tip');
const pinned = (page: Page) => page.locator('.panel-tip.pinned');
const links = (within: Locator) => within.locator('a').evaluateAll((all) => all.map((each) => [each.textContent, each.getAttribute('href')]));
/** What the panel asked of the dashboard: the gallery writes it beside the case's name. */
const asked = (page: Page, name: string) => page.locator(`[data-case="${name}"] h2 .dim`);
const column = async (panel: Locator, name: string) => {
  const [heading, ...rows] = await tableOf(panel);
  return rows.map((row) => row[heading!.indexOf(name)]);
};

test.describe('a table', () => {
  const name = 'table: to be used';
  test.beforeEach(({ open }) => open([name]));

  test('is sorted by its headings, by pointer and by key', async ({ page }) => {
    const panel = shownCase(page, name);
    const heading = (text: string) => panel.getByRole('columnheader').filter({ hasText: text });
    const button = (text: string) => heading(text).getByRole('button', { name: text, exact: true }).or(heading(text).locator('.table-heading'));
    expect(await column(panel, 'host')).toEqual(['b', 'a', 'd']);
    await button('n').first().click();
    await expect(heading('n')).toHaveAttribute('aria-sort', 'ascending');
    expect(await column(panel, 'n')).toEqual(['1', '2', '10']);
    await button('n').first().click();
    await expect(heading('n')).toHaveAttribute('aria-sort', 'descending');
    expect(await column(panel, 'host')).toEqual(['a', 'd', 'b']);
    // One more column, which decides among equals.
    await button('host').first().click({ modifiers: ['Shift'] });
    await button('host').first().click({ modifiers: ['Shift'] });
    expect(await column(panel, 'host')).toEqual(['d', 'a', 'b']);
    await button('n').first().click();
    await expect(heading('host')).toHaveAttribute('aria-sort', 'none');
    await button('host').first().focus();
    await page.keyboard.press('Enter');
    expect(await column(panel, 'host')).toEqual(['a', 'b', 'c']);
  });

  test('lets through what is chosen, by pointer and by key', async ({ page }) => {
    const panel = shownCase(page, name);
    await panel.getByRole('button', { name: 'Filter host' }).click();
    await page.getByRole('checkbox', { name: 'c', exact: true }).check();
    await page.getByRole('checkbox', { name: 'a', exact: true }).check();
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(panel.getByRole('status')).toHaveText('1–2 of 2 rows');
    expect(await column(panel, 'host')).toEqual(['a', 'c']);

    await panel.getByRole('button', { name: 'Filter host' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('searchbox', { name: 'Search values' })).toBeFocused();
    await page.keyboard.type('d');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect(page.getByRole('checkbox', { name: 'd', exact: true })).toBeChecked();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(panel.getByRole('button', { name: 'Filter host' })).toBeFocused();
    expect(await column(panel, 'host')).toEqual(['a', 'd', 'c']);
  });

  test('has pages, links, conditions and whole values', async ({ page }) => {
    const panel = shownCase(page, name);
    await expect(panel.getByRole('status')).toHaveText('1–3 of 5 rows');
    await panel.getByRole('button', { name: 'Next page' }).focus();
    await page.keyboard.press('Enter');
    await expect(panel.getByRole('status')).toHaveText('4–5 of 5 rows');
    expect(await column(panel, 'host')).toEqual(['c', 'e']);
    await expect(panel.getByRole('button', { name: 'Next page' })).toBeDisabled();
    await panel.getByRole('button', { name: 'Page before' }).click();

    await expect(panel.getByRole('link', { name: 'b', exact: true })).toHaveAttribute('href', '/d/host?var-host=b');
    // Of several links a menu; the one that would run a script is not among them.
    await panel.getByRole('button', { name: 'n 2: 2 links' }).focus();
    await page.keyboard.press('Enter');
    const items = page.getByRole('menuitem');
    await expect(items).toHaveText(['Logs', 'Traces of b']);
    await expect(items.nth(1)).toHaveAttribute('href', '/traces?host=b');
    await page.keyboard.press('Escape');
    await expect(items).toHaveCount(0);

    await panel.getByRole('button', { name: 'Only host a' }).focus();
    await page.keyboard.press('Enter');
    await expect(asked(page, name)).toHaveText('host=a');
    await expect(panel.locator('.table-actions:focus-within')).toHaveCSS('opacity', '1');
    await panel.getByRole('cell', { name: 'd' }).first().hover();
    await panel.getByRole('button', { name: 'Without host d' }).click();
    await expect(asked(page, name)).toHaveText('host!=d');

    await panel.getByRole('button', { name: /^Show all of object/ }).first().focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog', { name: 'object' }).locator('pre')).toHaveText('{\n  "a": 1\n}');
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });
});

test('a state timeline is pointed at, clicked and dragged over', async ({ page, open }) => {
  const name = 'state-timeline: links';
  await open([name]);
  const canvas = shownCase(page, name).locator('canvas[data-states]');
  const box = (await canvas.boundingBox())!;
  // At minute 36 of the first lane.
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.25);
  await tip(page).waitFor();
  expect(await tipLines(page)).toEqual(['2026-03-10 12:36:00', 'api', 'Down', '2026-03-10 12:30:00 to 2026-03-10 12:50:00', 'Duration: 20 min']);
  await page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.25);
  await pinned(page).waitFor();
  expect(await links(pinned(page))).toEqual([['Logs of api', '/logs?q=api&was=0']]);
  await page.keyboard.press('Escape');
  await expect(pinned(page)).toHaveCount(0);
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20, { steps: 3 });
  await page.mouse.up();
  // A quarter of an hour: from 12:15 to 12:30.
  await expect(shownCase(page, name).locator('.lanes-axis')).toContainText('12:20');
  await expect(shownCase(page, name).locator('.lanes-axis')).not.toContainText('12:40');
});

test('a state timeline is read and followed by key', async ({ page, open }) => {
  const name = 'state-timeline: links';
  await open([name]);
  const state = shownCase(page, name).locator('.cursor-key');
  await state.focus();
  const said = (text: string) => expect(state).toHaveAccessibleName(text);
  await said('api: Up, 2026-03-10 12:00:00 to 2026-03-10 12:30:00');
  await tip(page).waitFor();
  await page.keyboard.press('ArrowRight');
  await said('api: Down, 2026-03-10 12:30:00 to 2026-03-10 12:50:00');
  await expect(tip(page)).toContainText('Duration: 20 min');
  // The last of the lane stays; the lane below has its state of the same time.
  await page.keyboard.press('ArrowRight');
  await said('api: Down, 2026-03-10 12:30:00 to 2026-03-10 12:50:00');
  await page.keyboard.press('ArrowDown');
  await said('db: Up, 2026-03-10 12:30:00 to 2026-03-10 13:00:00');
  await page.keyboard.press('Home');
  await said('db: Down, 2026-03-10 12:00:00 to 2026-03-10 12:10:00');
  // It stands upon what it tells: a sixth of the lane.
  const [canvas, button] = await Promise.all([shownCase(page, name).locator('canvas').boundingBox(), state.boundingBox()]);
  expect(Math.abs(button!.width - canvas!.width / 6)).toBeLessThan(1.5);
  expect(Math.abs(button!.x - canvas!.x)).toBeLessThan(1.5);
  await page.keyboard.press('Enter');
  await pinned(page).waitFor();
  expect(await links(pinned(page))).toEqual([['Logs of db', '/logs?q=db&was=0']]);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(pinned(page).locator('a')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(pinned(page)).toHaveCount(0);
  await expect(state).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await said('api: Down, 2026-03-10 12:30:00 to 2026-03-10 12:50:00');
});

test('samples of a status history are pointed at and read by key', async ({ page, open }) => {
  const name = 'status-history: links';
  await open([name]);
  const panel = shownCase(page, name);
  const box = (await panel.locator('canvas[data-states]').boundingBox())!;
  await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
  await tip(page).waitFor();
  expect(await tipLines(page)).toEqual(['2026-03-10 12:20:00', 'api', 'Down']);
  // Where nothing was measured nothing is told.
  await page.mouse.move(box.x + (box.width * 2) / 3, box.y + box.height / 2);
  await expect(tip(page)).toHaveCount(0);
  const state = panel.locator('.cursor-key');
  await state.focus();
  await page.keyboard.press('End');
  await expect(state).toHaveAccessibleName('api: Up, 2026-03-10 13:00:00');
  await page.keyboard.press('Enter');
  await pinned(page).waitFor();
  expect(await links(pinned(page))).toEqual([['Logs of api', '/logs?q=api&was=1']]);
});

/** What the keyboard's cursor says after each of some keys. */
async function walked(page: Page, name: string, keys: string[]): Promise<string[]> {
  const cursor = shownCase(page, name).locator('.cursor-key');
  await cursor.focus();
  const said: string[] = [];
  for (const key of keys) {
    if (key !== '') await page.keyboard.press(key);
    said.push((await cursor.getAttribute('aria-label'))!);
  }
  return said;
}
const middleOf = async (locator: Locator) => {
  const { x, y, width, height } = (await locator.boundingBox())!;
  return { x: x + width / 2, y: y + height / 2 };
};

test('points of lines are read and followed by key', async ({ page, open }) => {
  const name = 'timeseries: legend as table below';
  await open([name]);
  expect(await walked(page, name, ['', 'ArrowLeft', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowUp', 'Home', 'ArrowUp'])).toEqual([
    'user: 41.3%, 2026-03-10 13:00:00',
    'user: 39.6%, 2026-03-10 12:59:00',
    'system: 26.1%, 2026-03-10 12:59:00',
    'system: 25.2%, 2026-03-10 13:00:00',
    // The last stays the last.
    'system: 25.2%, 2026-03-10 13:00:00',
    'user: 41.3%, 2026-03-10 13:00:00',
    'user: 40.5%, 2026-03-10 12:00:00',
    'user: 40.5%, 2026-03-10 12:00:00',
  ]);
  await expect.poll(() => tipLines(page)).toEqual(['2026-03-10 12:00:00', 'user', '40.5%']);
  // It stands upon the point: at the left side of the plot, in the place of the value.
  const { plot, scales, series } = await reading(shownCase(page, name));
  const [low, high] = Object.entries(scales).find(([key]) => key === series[0]!.scale)![1];
  const cursor = shownCase(page, name).locator('.cursor-key');
  const at = await middleOf(cursor);
  expect(Math.abs(at.x - plot.left)).toBeLessThan(1.5);
  expect(Math.abs(at.y - (plot.top + plot.height * (1 - (series[0]!.values[0]! - low) / (high - low))))).toBeLessThan(1.5);
  // What is hidden by the legend is passed over, and the cursor goes with its line.
  await page.keyboard.press('End');
  await shownCase(page, name).getByRole('button', { name: 'system', exact: true }).click({ modifiers: ['Control'] });
  expect((await walked(page, name, ['', 'ArrowDown']))[1]).toMatch(/^iowait: /);
});

test('links of a point are opened by key', async ({ page, open }) => {
  const name = 'timeseries: links';
  await open([name]);
  const cursor = shownCase(page, name).locator('.cursor-key');
  await cursor.focus();
  await tip(page).waitFor();
  await page.keyboard.press('Enter');
  await pinned(page).waitFor();
  expect((await links(pinned(page)))[0]![1]).toMatch(/^\/logs\?q=.+&at=\d+$/);
  await page.keyboard.press('Escape');
  await expect(pinned(page)).toHaveCount(0);
  await expect(cursor).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(tip(page)).toHaveCount(0);
});

test('bars are read by key, standing and lying', async ({ page, open }) => {
  await open(['barchart: groups', 'barchart: horizontal']);
  expect(await walked(page, 'barchart: groups', ['', 'ArrowRight', 'ArrowUp', 'Home', 'End', 'ArrowDown'])).toEqual(['Berlin: Sold 120', 'Hamburg: Sold 80', 'Hamburg: Returned 9', 'Berlin: Returned 12', 'Frankfurt: Returned 3', 'Frankfurt: Sold 66']);
  await expect.poll(() => tipLines(page)).toEqual(['Frankfurt', 'Sold', '66', 'Returned', '3']);
  expect(await walked(page, 'barchart: horizontal', ['', 'ArrowDown', 'ArrowRight', 'ArrowUp', 'End'])).toEqual(['Berlin: Sold 120', 'Hamburg: Sold 80', 'Hamburg: Returned 9', 'Berlin: Returned 12', 'Frankfurt: Returned 3']);
  await page.keyboard.press('Enter');
  await pinned(page).waitFor();
  await page.keyboard.press('Escape');
  await expect(shownCase(page, 'barchart: horizontal').locator('.cursor-key')).toBeFocused();
});

test('cells of a heatmap are read by key', async ({ page, open }) => {
  const name = 'heatmap: annotations and exemplars';
  await open([name]);
  const said = await walked(page, name, ['Home', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowRight', 'ArrowDown', 'End', 'ArrowRight']);
  const parts = said.map((text) => /^(.+?): (.+?), (.+) to (.+)$/.exec(text)!.slice(1));
  // Three buckets upwards, to the next minute, and one down.
  expect(new Set(parts.slice(0, 4).map(([bucket]) => bucket)).size).toBe(4);
  expect([parts[4]![0], parts[5]![0]]).toEqual([parts[3]![0], parts[2]![0]]);
  expect(parts.map(([, , from]) => from!.slice(11, 16))).toEqual(['12:00', '12:00', '12:00', '12:00', '12:01', '12:01', '12:59', '12:59']);
  const [bucket, count, from, to] = parts.at(-1)!;
  await expect.poll(() => tipLines(page)).toEqual([`${from} to ${to}`, 'Bucket', bucket, 'Count', count]);
  // The pointer in its middle tells the same.
  const told = await tipLines(page);
  const at = await middleOf(shownCase(page, name).locator('.cursor-key'));
  await page.keyboard.press('Tab');
  await page.mouse.move(at.x, at.y);
  await expect.poll(() => tip(page).count()).toBe(1);
  expect(await tipLines(page)).toEqual(told);
});

test('slices are pointed at, hidden by the legend and followed, by pointer and by key', async ({ page, open }) => {
  const name = 'piechart: links';
  await open([name]);
  const panel = shownCase(page, name);
  const pie = (await panel.locator('svg[aria-label^="Parts. "]').boundingBox())!;
  const middle = { x: pie.x + pie.width / 2, y: pie.y + pie.height / 2 };
  // The greatest takes the right half.
  await page.mouse.move(middle.x + 30, middle.y);
  await tip(page).waitFor();
  expect(await tipLines(page)).toEqual(['Parts', 'half', '3 (50%)']);
  await page.mouse.click(middle.x + 30, middle.y);
  await pinned(page).waitFor();
  expect(await links(pinned(page))).toEqual([['Logs of half', '/logs?q=half&n=3']]);
  await page.keyboard.press('Escape');

  const slice = (title: string) => panel.getByRole('button', { name: new RegExp(`^${title}: `) });
  await expect(slice('third')).toHaveAccessibleName('third: 2 (33%), its links');
  await slice('third').focus();
  await page.keyboard.press('Enter');
  await pinned(page).waitFor();
  expect(await links(pinned(page))).toEqual([['Logs of third', '/logs?q=third&n=2']]);
  await page.keyboard.press('Escape');
  await expect(slice('third')).toBeFocused();

  const entry = (title: string) => panel.locator('.panel-legend').getByRole('button', { name: title, exact: true });
  const legend = async () => (await panel.locator('.panel-legend li').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  // Without the half, two of three and one of three are left.
  await entry('half').click({ modifiers: ['Control'] });
  expect(await legend()).toEqual(['half Percent: –', 'third Percent: 67%', 'sixth Percent: 33%']);
  await entry('sixth').focus();
  await page.keyboard.press('Enter');
  expect(await legend()).toEqual(['half Percent: –', 'third Percent: –', 'sixth Percent: 100%']);
  await page.keyboard.press('Enter');
  expect(await legend()).toEqual(['half Percent: 50%', 'third Percent: 33%', 'sixth Percent: 17%']);
});

test('lines of logs open to their labels, which filter and become columns, and lead to the trace', async ({ page, open }) => {
  const name = 'logs: of a trace';
  await open([name]);
  const panel = shownCase(page, name);
  const line = panel.getByRole('listitem').first().getByRole('button').first();
  await line.click();
  await expect(line).toHaveAttribute('aria-expanded', 'true');
  await expect(panel.getByRole('row').filter({ hasText: 'pod' }).getByRole('cell', { name: 'api-0', exact: true })).toBeVisible();
  await expect(panel.getByRole('link', { name: /^Trace 01234567/ })).toHaveAttribute('href', /\/traces\/0123456789abcdef0123456789abcdef/);
  await panel.getByRole('button', { name: 'Only lines with pod=api-0' }).click();
  await expect(asked(page, name)).toHaveText('pod=api-0');
  await panel.getByRole('button', { name: 'No lines with pod=api-0' }).focus();
  await page.keyboard.press('Enter');
  await expect(asked(page, name)).toHaveText('pod!=api-0');
  await panel.getByRole('button', { name: 'Column pod' }).click();
  await expect(panel.locator('.log-column')).toHaveText(['api-0', 'api-1']);
  await line.focus();
  await page.keyboard.press('Enter');
  await expect(line).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  await expect(line).toHaveAttribute('aria-expanded', 'true');
});

test('all of a stat leads where its link says', async ({ page, open }) => {
  await open(['stat: link', 'stat: links']);
  const cpu = caseOf('stat: link').frames[0]!.fields[1]!.values.at(-1) as number;
  await expect(shownCase(page, 'stat: link').getByRole('link')).toHaveAttribute('href', `/d/x?var-host=cpu&at=${cpu}`);
  await shownCase(page, 'stat: links').getByRole('button').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem')).toHaveText(['One', 'Two']);
  // The menu takes the focus a moment after it is shown; a key before that goes to the button.
  await expect(page.getByRole('menu').locator(':focus')).toHaveCount(1);
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menuitem', { name: 'Two' }).or(page.getByRole('menuitem', { name: 'One' })).and(page.locator(':focus'))).toHaveCount(1);
});
