// Adds up the compressed script that each view loads and fails when one is above its budget.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
/** Bytes of gzip-compressed script that a first visit to any view may load before it is drawn, and with what follows. */
const budget = { first: 300_000, default: 300_000, 'src/views/Explore.tsx': 400_000, 'src/views/logs/Logs.tsx': 400_000 };
/** Bytes of gzip-compressed script that a worker may be; each is loaded when it is first needed. */
const workerBudget = 20_000;
/** Bytes of all scripts and styles together, compressed one by one. */
const wholeBudget = 900_000;
/** What a view loads by itself right after it has been drawn: charts, and in Explore the editor (plain fields stand there until it comes). */
const alsoLoads = {
  'src/views/Home.tsx': ['src/charts/Chart.tsx'],
  'src/views/Explore.tsx': ['src/charts/Chart.tsx', 'src/editor/PromqlEditor.tsx'],
  'src/views/dashboards/Dashboard.tsx': ['src/dashboard/panels/timeseries/index.tsx'],
  'src/views/logs/Logs.tsx': ['src/editor/LogqlEditor.tsx'],
  'src/views/traces/Traces.tsx': [],
  'src/views/Incident.tsx': ['src/charts/Chart.tsx'],
};

const manifestFile = new URL('.vite/manifest.json', dist);
if (!existsSync(manifestFile)) {
  console.error('web/dist is missing: run `npm run build` first');
  process.exit(2);
}
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
/** Modules that are in a file with others, by its name in `chunks.ts`. */
const inFiles = { 'src/views/dashboards/Dashboard.tsx': 'dashboard', 'src/dashboard/panels/timeseries/index.tsx': 'chart' };
for (const [path, name] of Object.entries(inFiles)) {
  const found = Object.values(manifest).find((each) => each.name === name);
  if (found) manifest[path] = { ...found, isDynamicEntry: true };
}
const sizes = new Map();
const gzipped = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return sizes.get(file);
};

/** Every script file reachable from `keys` by static imports. */
function scripts(keys) {
  const seen = new Set();
  const walk = (key) => {
    if (seen.has(key) || !manifest[key]) return;
    seen.add(key);
    (manifest[key].imports ?? []).forEach(walk);
  };
  keys.forEach(walk);
  return new Set([...seen].map((key) => manifest[key].file).filter((file) => file.endsWith('.js')));
}

let failed = false;
const views = Object.keys(manifest).filter((key) => key.startsWith('src/views/') && manifest[key].isDynamicEntry);
for (const view of views.sort()) {
  const loads = (more) => [...scripts(['index.html', view, ...more])].reduce((sum, file) => sum + gzipped(file), 0) + gzipSync(readFileSync(new URL('early.js', dist))).length;
  const [first, total] = [loads([]), loads(alsoLoads[view] ?? [])];
  const limit = budget[view] ?? budget.default;
  const over = first > budget.first || total > limit;
  failed ||= over;
  const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(6);
  console.log(`${over ? 'OVER' : 'ok  '} ${view.padEnd(28)} ${kB(first)} kB before it is drawn, ${kB(total)} of ${limit / 1000} kB in all (gzip)`);
}
for (const [view, more] of Object.entries(alsoLoads)) {
  for (const key of [view, ...more]) {
    if (manifest[key]) continue;
    console.error(`${key} is not in the manifest: its budget was not checked`);
    failed = true;
  }
}
const all = readdirSync(new URL('assets/', dist)).filter((file) => /\.(js|css)$/.test(file));
const whole = all.reduce((sum, file) => sum + gzipped(`assets/${file}`), 0);
failed ||= whole > wholeBudget;
console.log(`${whole > wholeBudget ? 'OVER' : 'ok  '} ${'everything'.padEnd(28)} ${(whole / 1000).toFixed(1).padStart(6)} of ${wholeBudget / 1000} kB (gzip)`);
const workers = readdirSync(new URL('assets/', dist)).filter((file) => /^worker-.*\.js$/.test(file));
for (const file of workers) {
  const size = gzipped(`assets/${file}`);
  failed ||= size > workerBudget;
  console.log(`${size > workerBudget ? 'OVER' : 'ok  '} ${file.padEnd(28)} ${(size / 1000).toFixed(1).padStart(6)} of ${workerBudget / 1000} kB when a file is opened (gzip)`);
}
if (workers.length === 0) {
  console.error('no worker found in assets: its budget was not checked');
  failed = true;
}
if (views.length === 0) {
  console.error('no views found in the manifest: the budget was not checked');
  failed = true;
}
process.exit(failed ? 1 : 0);
