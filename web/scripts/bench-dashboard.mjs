// Times a dashboard in headless Chromium against a running Phoenix or the mock:
//   node scripts/bench-dashboard.mjs [--url http://127.0.0.1:9099] [--path /d/platform-overview] [--loads 7] [--refreshes 720]
// Prints medians and the worst of: first paint, first panel drawn and all panels in sight drawn, with an empty cache and
// with the scripts kept, the main thread's work until then, a refresh, frames while the pointer sweeps over a chart of
// 100,000 points and while its range is shifted, and the heap over many refreshes.
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';

const { values: given } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.PHOENIX_URL ?? 'http://127.0.0.1:9099' },
    path: { type: 'string', default: '/d/platform-overview' },
    loads: { type: 'string', default: '7' },
    refreshes: { type: 'string', default: '720' },
  },
});
const address = `${given.url}${given.path}`;
const [loads, refreshes] = [Number(given.loads), Number(given.refreshes)];
/** Series and points of each that stand in the chart which is swept over: 100,000 in all. */
const many = { series: 10, points: 10_000 };
/** How often the heap is looked at during the refreshes. */
const looks = 8;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-precise-memory-info'],
});
const viewport = { width: 1920, height: 1080 };
const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];
const quantile = (list, of) => sorted(list)[Math.min(list.length - 1, Math.floor(list.length * of))];
const ms = (value) => `${value.toFixed(1)} ms`;
const tell = (name, list) => console.log(`${name.padEnd(44)} median ${ms(median(list)).padStart(10)}   worst ${ms(Math.max(...list)).padStart(10)}`);

/** Runs in the page before its own scripts: notes when panels are drawn, counted from the start of the navigation. */
function watch() {
  const drawn = (panel) => panel.querySelector('.drawn')?.childElementCount > 0 && !panel.hasAttribute('aria-busy');
  const inSight = (panel) => panel.getBoundingClientRect().top < innerHeight;
  const marks = (window.dashboardMarks = { first: null, all: null });
  const look = () => {
    const panels = [...document.querySelectorAll('[data-panel]')].filter(inSight);
    if (panels.length > 0) {
      // What has changed is on the screen with the next frame.
      if (marks.first === null && panels.some(drawn)) marks.first = performance.now();
      marks.all = panels.every(drawn) ? (marks.all ?? performance.now()) : null;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
/** Runs in the page: answers ranges with many points. What a network or this program would take is no part of the frames. */
function answerMany({ series, points }) {
  const values = (n) => Array.from({ length: points }, (_, at) => Math.round(1000 * (n + Math.sin(at / 300 + n) + ((at * 7919) % 97) / 97)) / 1000);
  const text = JSON.stringify(Array.from({ length: series }, (_, n) => ({ labels: { n: String(n) }, values: values(n) })));
  const ask = window.fetch;
  window.fetch = async (path, init) => {
    if (!String(path).endsWith('/dashboards/query')) return ask(path, init);
    const lines = JSON.parse(init.body).queries.map(({ id, kind, from_ms, to_ms }) =>
      kind === 'range'
        ? `${JSON.stringify({ ids: [id], kind: 'matrix', start_ms: from_ms, step_ms: (to_ms - from_ms) / (points - 1), points, warnings: [], infos: [], stats: {} }).slice(0, -1)},"series":${text}}`
        : JSON.stringify({ ids: [id], kind: 'vector', time_ms: to_ms, series: [{ labels: {}, value: 1 }], warnings: [], infos: [], stats: {} }),
    );
    return new Response(`${lines.join('\n')}\n{"done":true}\n`, { headers: { 'Content-Type': 'application/x-ndjson' } });
  };
}
const settled = (page) => page.waitForFunction(() => window.dashboardMarks.all !== null && document.querySelector('.dash .spin') === null, undefined, { polling: 'raf', timeout: 60_000 });

async function openPage() {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`error in the page: ${error.message}`));
  await page.addInitScript(watch);
  return { context, page };
}

/** One view of the page, in milliseconds. */
async function view(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(address);
  await settled(page);
  const { metrics } = await session.send('Performance.getMetrics');
  const seconds = (name) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
  const marks = await page.evaluate(() => ({ ...window.dashboardMarks, paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, files: performance.getEntriesByType('resource').length }));
  return { ...marks, work: seconds('TaskDuration') * 1000, script: seconds('ScriptDuration') * 1000 };
}
const views = { 'empty cache': [], 'scripts kept': [] };
for (let load = 0; load < loads; load += 1) {
  // A new context has an empty cache: this is what someone sees who opens the page for the first time.
  const { context, page } = await openPage();
  views['empty cache'].push(await view(context, page));
  await page.close();
  // A page of its own, so that its work is counted from zero.
  const again = await context.newPage();
  await again.addInitScript(watch);
  views['scripts kept'].push(await view(context, again));
  await context.close();
}
for (const [name, list] of Object.entries(views)) {
  if (list.length === 0) continue;
  const of = (key) => list.map((each) => each[key]);
  tell(`${name}: first paint`, of('paint'));
  tell(`${name}: first panel drawn`, of('first'));
  tell(`${name}: all panels in sight drawn`, of('all'));
  tell(`${name}: the main thread's work`, of('work'));
  tell(`${name}: of it script`, of('script'));
  console.log(`${`${name}: files and answers`.padEnd(44)} median ${String(median(of('files'))).padStart(7)}`);
}

{
  const { context, page } = await openPage();
  await page.goto(address);
  await settled(page);
  const session = await context.newCDPSession(page);
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize;
  };
  /** Asks for everything again and waits until it is there, within the page. */
  const refresh = () =>
    page.evaluate(
      () =>
        new Promise((resolve) => {
          const began = performance.now();
          let started = false;
          document.querySelector('[aria-label="Refresh now"]').click();
          const look = () => {
            const busy = document.querySelector('.dash .spin') !== null;
            started ||= busy;
            // One that was over within a frame was never seen to begin.
            if (!busy && (started || performance.now() - began > 100)) resolve(performance.now() - began);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }),
    );
  for (let warm = 0; warm < 20; warm += 1) await refresh();
  const took = [];
  const sizes = [await heap()];
  for (let count = 1; count <= refreshes; count += 1) {
    took.push(await refresh());
    if (count % Math.max(1, Math.floor(refreshes / looks)) === 0) sizes.push(await heap());
  }
  if (took.length > 0) tell(`a refresh (${refreshes} in a row)`, took);
  console.log(`heap after garbage collection, MB: ${sizes.map((size) => (size / 1e6).toFixed(1)).join('  ')}`);
  await context.close();
}

{
  const { context, page } = await openPage();
  await page.addInitScript(answerMany, many);
  await page.goto(address);
  await settled(page);
  const plot = page.locator('.u-over').first();
  if ((await plot.count()) === 0) console.log('there is no chart of time in sight: frames were not measured');
  else {
    // That chart alone, so that no other is drawn beside it.
    await plot.hover();
    await page.keyboard.press('v');
    await page.waitForURL(/viewPanel=/);
    await settled(page);
    const box = await page.locator('.u-over').first().boundingBox();
    const frames = (work) =>
      page.evaluate(() => {
        window.frameTimes = [];
        let last = performance.now();
        const look = (now) => {
          window.frameTimes.push(now - last);
          last = now;
          window.frameLoop = requestAnimationFrame(look);
        };
        window.frameLoop = requestAnimationFrame(look);
      })
        .then(work)
        .then(() =>
          page.evaluate(() => {
            cancelAnimationFrame(window.frameLoop);
            return window.frameTimes.slice(2);
          }),
        );
    const say = (name, list) => console.log(`${name.padEnd(44)} median ${ms(median(list)).padStart(10)}   95 % ${ms(quantile(list, 0.95)).padStart(10)}   worst ${ms(Math.max(...list)).padStart(10)}   (${list.length} frames)`);
    say(
      'frames, the pointer over 100,000 points',
      await frames(async () => {
        for (let step = 0; step <= 200; step += 1) await page.mouse.move(box.x + (box.width * step) / 200, box.y + box.height * (0.3 + 0.4 * Math.abs(Math.sin(step / 20))));
      }),
    );
    say(
      'frames, the range of 100,000 points shifted',
      await frames(async () => {
        for (let step = 0; step < 10; step += 1) {
          await page.keyboard.press('t');
          await page.keyboard.press('ArrowLeft');
          await page.waitForTimeout(50);
          await settled(page);
        }
      }),
    );
  }
  await context.close();
}
await browser.close();
