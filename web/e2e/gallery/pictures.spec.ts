import { expect, shownCase, test } from './gallery';

/**
 * One picture for each kind, so that what no number tells is noticed: overlaps, cut texts, colours of the theme. A picture
 * that changed on purpose is made anew with `npx playwright test pictures --update-snapshots`, and looked at.
 */
const pictures: Record<string, string> = {
  timeseries: 'timeseries: stacked',
  barchart: 'barchart: groups',
  histogram: 'histogram: two, overlaid',
  heatmap: 'heatmap: buckets of Prometheus',
  stat: 'stat: many',
  gauge: 'gauge: labels',
  bargauge: 'bargauge: lcd, horizontal',
  table: 'table: units, colours, gauge',
  piechart: 'piechart: donut, table',
  'state-timeline': 'state-timeline: mapped',
  'status-history': 'status-history: numbers',
  logs: 'logs: times, wrapped',
  text: 'text: markdown',
  traces: 'traces: one',
  nodegraph: 'nodeGraph: services',
  alertlist: 'alertlist: by default',
  dashlist: 'dashlist: search',
};

for (const theme of ['light', 'dark'] as const) {
  test(`each kind looks as it did, ${theme}`, async ({ page, open }) => {
    await open(Object.values(pictures), theme);
    for (const [kind, name] of Object.entries(pictures)) {
      await expect.soft(shownCase(page, name)).toHaveScreenshot(`${kind}-${theme}.png`);
    }
  });
}
