/** Reads from the page what a case says must be seen of it. */

import type { Locator, Page } from '@playwright/test';
import type { Case, Seen } from '../../gallery/case';
import { reading, tipLines } from './gallery';
import type { Rgb } from './pixels';
import { apart, colorsAt, hex, isGray, rgb } from './pixels';

const minute = 60_000;
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
const style = (all: Locator, property: 'color' | 'backgroundColor' | 'fill') => all.evaluateAll((nodes, name) => nodes.map((node) => getComputedStyle(node)[name]), property);
const valuesIn = '.stat-value > span:first-child, .gauge-value, .bar-value';

/** Colours that differ by rounding alone are taken to be as expected. */
function likened(found: (string | null)[], expected: (string | null)[]): (string | null)[] {
  return found.map((color, at) => {
    const wanted = expected[at];
    return color && wanted && apart(rgb(color), rgb(wanted)) <= 4 ? wanted : color;
  });
}

const round = (value: number) => Math.round(value * 1e9) / 1e9;

/** Colours of a picture at points of its plot, as what was expected where they are near to it. */
async function pixels(panel: Locator, { seen = {}, span }: Case): Promise<Seen['pixels']> {
  const wanted = seen.pixels!;
  const { plot, scales, x, kind } = await reading(panel);
  const [low, high] = Object.entries(scales).find(([key]) => key !== 'x')![1];
  const scaled = (value: number) => (seen.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const along = (at: number) => (kind === 'timeseries' ? (at * minute) / (span.to - span.from) : at / x.length);
  await panel.page().mouse.move(0, 0);
  const found = await colorsAt(panel, wanted.map(([at, value]) => ({ x: plot.left + along(at) * plot.width, y: plot.top + (1 - scaled(value)) * plot.height })));
  return wanted.map(([at, value, color], index) => {
    const pixel = found[index]!;
    const isThere = color === null ? isGray(pixel) : apart(pixel, rgb(color)) <= 48;
    return [at, value, isThere ? color : `rgb(${pixel.join(', ')})`];
  });
}

/** How much of each arc or bar is filled. */
async function filled(panel: Locator): Promise<number[]> {
  return panel.evaluate((node) => {
    const gauges = [...node.querySelectorAll<SVGSVGElement>('svg[role="meter"]')].map((svg) => {
      const [whole, value] = svg.querySelectorAll('path');
      const text = svg.querySelector('.gauge-value')!;
      const middle = { x: Number(text.getAttribute('x')), y: Number(text.getAttribute('y')) };
      const within = (path: SVGGeometryElement, x: number, y: number) => path.isPointInFill(Object.assign(svg.createSVGPoint(), { x, y }));
      const ring = Array.from({ length: 400 }, (_, at) => at).filter((radius) => within(whole!, middle.x, middle.y - radius));
      const radius = (ring[0]! + ring.at(-1)!) / 2;
      let [all, lit] = [0, 0];
      for (let turn = 0; turn < 1; turn += 1 / 1440) {
        const [x, y] = [middle.x + radius * Math.sin(turn * 2 * Math.PI), middle.y - radius * Math.cos(turn * 2 * Math.PI)];
        if (!within(whole!, x, y)) continue;
        all += 1;
        if (within(value!, x, y)) lit += 1;
      }
      return lit / all;
    });
    const bars = [...node.querySelectorAll('span[role="meter"] > .bar')].map((bar) => {
      const cells = [...bar.querySelectorAll('rect')];
      if (cells.length > 0) return cells.filter((cell) => cell.getAttribute('fill-opacity') === '1').length / cells.length;
      const [whole, part] = [bar.getBoundingClientRect(), bar.lastElementChild!.getBoundingClientRect()];
      const border = 2;
      const [width, height] = [part.width / whole.width, part.height / whole.height];
      return part.width <= border || part.height <= border ? 0 : Math.min(width, height);
    });
    return [...gauges, ...bars];
  });
}

/** The share of the turn that each colour takes, counted along a circle through the slices. */
async function slices(panel: Locator): Promise<Record<string, number>> {
  const box = (await panel.locator('svg[role="img"]').boundingBox())!;
  const [radius, turns] = [(Math.min(box.width, box.height) / 2) * 0.85, 720];
  await panel.page().mouse.move(0, 0);
  const found = await colorsAt(
    panel,
    Array.from({ length: turns }, (_, at) => ({ x: box.x + box.width / 2 + radius * Math.sin((at / turns) * 2 * Math.PI), y: box.y + box.height / 2 - radius * Math.cos((at / turns) * 2 * Math.PI) })),
  );
  const counts: Record<string, number> = {};
  for (const color of found) {
    const key = `#${color.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
    counts[key] = (counts[key] ?? 0) + 1 / turns;
  }
  return counts;
}

const near = (found: number, wanted: number | undefined, by: number) => (wanted !== undefined && Math.abs(found - wanted) <= by ? wanted : round(found));

async function states(panel: Locator, { seen = {}, span, panel: { fieldConfig } }: Case): Promise<NonNullable<Seen['states']>> {
  type Lanes = { name: string; states: { from: number; to: number; text: string; color: string }[] }[];
  const canvas = panel.locator('canvas[data-states]');
  const lanes = await canvas.evaluate((node) => (node as HTMLCanvasElement & { __states: () => Lanes }).__states());
  const box = (await canvas.boundingBox())!;
  const opacity = Number((fieldConfig?.defaults.custom as { fillOpacity?: number } | undefined)?.fillOpacity ?? 70) / 100;
  await panel.page().mouse.move(0, 0);
  const read: NonNullable<Seen['states']> = {};
  for (const [row, lane] of lanes.entries()) {
    // Below the text, a little above the lane's lower end.
    const y = box.y + ((row + 0.9) / lanes.length) * box.height;
    const inSight = lane.states.map(({ from, to }) => Math.min(Math.max((from + to) / 2, span.from + 1000), span.to - 1000));
    const drawn = await colorsAt(panel, inSight.map((at) => ({ x: box.x + ((at - span.from) / (span.to - span.from)) * box.width, y })));
    read[lane.name] = lane.states.map(({ from, to, text, color }, at) => {
      const wanted = seen.states?.[lane.name]?.[at]?.[3];
      const mixed = wanted ? (rgb(wanted).map((channel) => channel * opacity + 255 * (1 - opacity)) as Rgb) : null;
      const isDrawn = mixed !== null && apart(drawn[at]!, mixed) <= 12;
      return [text, (from - span.from) / minute, (to - span.from) / minute, isDrawn && color.toLowerCase() === wanted ? wanted : `${color} drawn as rgb(${drawn[at]!.join(', ')})`];
    });
  }
  return read;
}

/** Heading and rows of a table, as far as they are drawn. */
export async function tableOf(panel: Locator): Promise<string[][]> {
  const heading = await panel.getByRole('columnheader').locator('.table-heading span:first-child').allTextContents();
  return [heading, ...(await panel.locator('.table-row').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('[role="cell"]')].map((cell) => cell.textContent ?? ''))))];
}

type Readers = { [Key in keyof Seen]-?: (panel: Locator, one: Case, page: Page) => Promise<unknown> };

const chosen = (panel: Locator, of: 'values' | 'drawn', wanted: object) =>
  reading(panel).then(({ series }) => Object.fromEntries(series.filter(({ name }) => Object.hasOwn(wanted, name)).map((one) => [one.name, one[of].map((value) => (value === null ? null : round(value)))])));

export const readers: Readers = {
  values: (panel) => panel.locator(valuesIn).allTextContents(),
  names: (panel) => panel.locator('.stat-name, .gauge-title, .bar-name').allTextContents(),
  colors: async (panel, { seen }) => likened((await style(panel.locator(valuesIn), 'color')).map(hex).slice(0, seen!.colors!.length), seen!.colors!),
  grounds: async (panel, { seen }) => likened((await style(panel.locator('.stat'), 'backgroundColor')).map(hex), seen!.grounds!),
  filled: async (panel, { seen }) => (await filled(panel)).map((share, at) => near(share, seen!.filled![at], 0.02)),
  slices: async (panel, { seen }) => {
    const found = await slices(panel);
    return Object.fromEntries(Object.entries(seen!.slices!).map(([color, share]) => [color, near(found[color] ?? 0, share, 0.01)]));
  },
  legend: async (panel) => {
    const table = panel.locator('.panel-legend table');
    if ((await table.count()) > 0) return table.locator('tr').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => (cell.textContent ?? '').trim())));
    return (await panel.locator('.panel-legend li').allInnerTexts()).map(oneLine);
  },
  asked: (panel, { seen }) => chosen(panel, 'values', seen!.asked!),
  drawn: (panel, { seen }) => chosen(panel, 'drawn', seen!.drawn!),
  x: async (panel) => (await reading(panel)).x,
  lines: async (panel, { seen }) => Object.fromEntries((await reading(panel)).series.map(({ name, color }) => [name, likened([color.toLowerCase()], [seen!.lines![name] ?? null])[0]])),
  reach: async (panel, { seen }) => {
    const ends = Object.entries((await reading(panel)).scales).flatMap(([key, scale]) => (key === 'x' ? [] : [scale]));
    return ends.map((scale, at) => scale.map((end, side) => (seen!.reach![at]?.[side] === null ? null : near(end, seen!.reach![at]?.[side] ?? undefined, 1e-9))));
  },
  ticks: async (panel) => (await reading(panel)).ticks,
  pixels,
  log: async () => true,
  tips: async (panel, { seen }, page) => {
    const said: Seen['tips'] = [];
    for (const { at } of seen!.tips!) {
      const { plot } = await reading(panel);
      await page.mouse.move(0, 0);
      await page.locator('.panel-tip').waitFor({ state: 'detached' });
      await page.mouse.move(plot.left + plot.width * at[0], plot.top + plot.height * at[1]);
      await page.locator('.panel-tip').waitFor();
      said.push({ at, says: await tipLines(page) });
    }
    await page.mouse.move(0, 0);
    return said;
  },
  table: tableOf,
  cells: async (panel, { seen }) => {
    const rows = await panel.locator('.table-row').all();
    return Promise.all(rows.map(async (row, at) => likened((await style(row.getByRole('cell'), 'backgroundColor')).map(hex), seen!.cells![at] ?? [])));
  },
  states,
  text: (panel) =>
    panel.evaluate((node) => {
      const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      const found: string[] = [];
      while (walker.nextNode()) {
        const text = (walker.currentNode.textContent ?? '').trim();
        if (text !== '' && !walker.currentNode.parentElement?.closest('.hidden-text, style')) found.push(text);
      }
      return found;
    }),
  links: (panel) => panel.locator('a').evaluateAll((all) => all.map((each) => [(each.textContent ?? '').trim(), each.getAttribute('href')])),
  label: (panel) => panel.locator('[role="img"]').first().getAttribute('aria-label'),
};
