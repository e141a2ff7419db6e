import type { Page } from '@playwright/test';
import { expectNoSeriousFinding } from '../axe';
import { expect, test } from './gallery';

/** One of each kind, those with links where there are some. */
const kinds = [
  'timeseries: legend as table below',
  'timeseries: annotations',
  'barchart: groups',
  'histogram: two, overlaid',
  'heatmap: annotations and exemplars',
  'stat: link',
  'stat: links',
  'gauge: many',
  'bargauge: sixty, scrolling',
  'table: to be used',
  'table: units, colours, gauge',
  'piechart: links',
  'state-timeline: links',
  'state-timeline: pages',
  'status-history: links',
  'logs: of a trace',
  'text: markdown',
  'traces: one',
  'nodeGraph: services',
  'alertlist: by default',
  'dashlist: search',
];

for (const theme of ['light', 'dark'] as const) {
  test(`axe has no serious finding of any kind, ${theme}`, async ({ page, open }) => {
    await open(kinds, theme);
    await expectNoSeriousFinding(page);
  });
}

interface Stop {
  /** The case in which it is. */
  place: string;
  name: string;
  isSeen: boolean;
  isMarked: boolean;
}

/** What has the focus, and whether a person would see it. */
const focused = (page: Page): Promise<Stop | null> =>
  page.evaluate(() => {
    const node = document.activeElement;
    if (!node || node === document.body) return null;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    const isMarked = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none' || node instanceof SVGElement;
    return {
      place: node.closest('[data-case]')?.getAttribute('data-case') ?? '',
      name: (node.getAttribute('aria-label') ?? node.textContent ?? '').trim().replace(/\s+/g, ' '),
      isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      isMarked,
    };
  });

/** What the key Tab must lead to, in this order, in each of them. */
const stops: Record<string, string[]> = {
  'timeseries: legend as table below': ['user: 41.3%, 2026-03-10 13:00:00', 'Name', 'Mean', 'Last *', 'Max ↓', 'user', 'system', 'iowait', 'steal'],
  'barchart: groups': ['Berlin: Sold 120', 'Sold', 'Returned'],
  'histogram: two, overlaid': ['55 ms to 60 ms: new 4', 'old', 'new'],
  'stat: links': ['cpu: 37.9%: 2 links'],
  'table: to be used': ['Hosts', 'host', 'Filter host', 'n', 'Filter n', 'object', 'Filter object', 'b', 'Only host b', 'Without host b', 'n 2: 2 links', 'Next page'],
  'piechart: links': ['half: 3 (50%), its links', 'third: 2 (33%), its links', 'sixth: 1 (17%), its links', 'half', 'third', 'sixth'],
  'state-timeline: links': ['api: Up, 2026-03-10 12:00:00 to 2026-03-10 12:30:00'],
  'state-timeline: pages': ['Next page'],
  'status-history: links': ['api: Up, 2026-03-10 12:00:00'],
  'text: markdown': ['the page', 'picture'],
  'alertlist: by default': ['HostDown', 'INC-7', 'DiskFull'],
  'dashlist: search': ['Nodes', 'Queues', 'Shop front'],
};

test('the key Tab leads through one of each kind, and each stop is seen', async ({ page, open }) => {
  await open(kinds);
  const walked: Stop[] = [];
  for (let step = 0; step < 400; step += 1) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    if (stop === null) break;
    walked.push(stop);
  }
  // It comes out at the end: nothing keeps the focus.
  expect(walked.length).toBeLessThan(400);
  expect(walked.filter(({ isSeen }) => !isSeen)).toEqual([]);
  expect(walked.filter(({ isMarked }) => !isMarked)).toEqual([]);
  for (const [place, wanted] of Object.entries(stops)) {
    const there = walked.filter((stop) => stop.place === place).map(({ name }) => name);
    // In this order; there may be others between.
    expect.soft(there.filter((name, at) => wanted.includes(name) && there.indexOf(name) === at), `${place}: ${there.join(' | ')}`).toEqual(wanted);
  }
  // No case with something to do is passed over.
  const visited = new Set(walked.map(({ place }) => place));
  expect([...kinds].filter((kind) => !visited.has(kind))).toEqual(['gauge: many']);
});
