// Takes screenshots of every view into web/shots: `PHOENIX_URL=… node scripts/shots.mjs [name …]`.
import { mkdirSync } from 'node:fs';
import { chromium } from '@playwright/test';

const base = process.env.PHOENIX_URL ?? 'http://127.0.0.1:9099';
const get = async (path) => (await fetch(base + path)).json();
const { incidents } = await get('/api/phoenix/v1/incidents?limit=1');
const [silence] = await get('/api/v2/silences');
const [target] = (await get('/api/v1/targets')).data.activeTargets;
const [trace] = (await get('/api/search?q=%7B+status+%3D+error+%7D&limit=1').catch(() => ({ traces: [] }))).traces ?? [];
const other = (await get('/api/search?q=%7B%7D&limit=2').catch(() => ({ traces: [] }))).traces?.find((each) => each.traceID !== trace?.traceID);
const extra = [
  ...(incidents[0] ? [['incident', `/incidents/${incidents[0].id}`]] : []),
  ...(silence ? [['silence', `/silences/${silence.id}`]] : []),
  ...(target ? [['relabel', `/targets?target=${encodeURIComponent(`${target.scrapePool}|${target.discoveredLabels.__address__}`)}`]] : []),
  ['traces', '/traces'],
  ['traces-metrics', `/traces?mode=traceql&q=${encodeURIComponent('{} | rate() by (resource.service.name)')}`],
  ['traces-map', '/traces/map'],
  ...(trace
    ? [
        ['trace', `/traces/${trace.traceID.padStart(32, '0')}`],
        ['trace-span', `/traces/${trace.traceID.padStart(32, '0')}?span=${trace.spanSets[0].spans[0].spanID}`],
        ['trace-flame', `/traces/${trace.traceID.padStart(32, '0')}?view=flame`],
        ['trace-operations', `/traces/${trace.traceID.padStart(32, '0')}?view=operations`],
        ...(other ? [['traces-compare', `/traces/compare?a=${trace.traceID.padStart(32, '0')}&b=${other.traceID.padStart(32, '0')}`]] : []),
      ]
    : []),
  ['explore-exemplars', '/explore?q0=sum(rate(requests_total%5B5m%5D))&exemplars=1'],
  ['explore-cpu', '/explore?q0=sum+by+(mode)+(rate(node_cpu_seconds_total%5B1m%5D))&stacked=1&range=15m'],
  ['explore-error', '/explore?q0=sum(r%C3%A4te(up)'],
];
const views = [
  ['home', '/'],
  ['explore', '/explore?q0=up&q1=node_load1'],
  ['explore-table', '/explore?q0=up&tab=table'],
  ['explore-empty', '/explore'],
  ['incidents', '/incidents'],
  ['alerts', '/alerts'],
  ['notifications', '/alerts?tab=notifications'],
  ['silences', '/silences?state=all'],
  ['silence-new', '/silences/new?filter=%7Bseverity%3D%22warning%22%7D'],
  ['on-call', '/on-call'],
  ['rules', '/rules'],
  ['targets', '/targets'],
  ['status', '/status'],
  ['inbox', '/inbox'],
  ...extra,
];
const wanted = process.argv.slice(2);
const looks = [
  ['light', { width: 1280, height: 850 }, 'light'],
  ['dark', { width: 1280, height: 850 }, 'dark'],
  ['phone', { width: 390, height: 780 }, 'light'],
];
mkdirSync(new URL('../shots/', import.meta.url), { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
for (const [look, viewport, colorScheme] of looks) {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && console.log(look, page.url(), message.text()));
  page.on('pageerror', (error) => console.log(look, page.url(), error.message));
  for (const [name, path] of views) {
    if (wanted.length && !wanted.includes(name)) continue;
    await page.goto(base + path);
    await page.waitForTimeout(900);
    await page.screenshot({ path: new URL(`../shots/${name}-${look}.png`, import.meta.url).pathname, fullPage: true });
  }
  await context.close();
}
await browser.close();
