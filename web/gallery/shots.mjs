// Screenshots of the gallery's cases, light and dark, into shots/gallery/. `node gallery/shots.mjs [part of a name…]`.
// Fails when a case throws or the page writes an error to its console.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const shots = fileURLToPath(new URL('../shots/gallery/', import.meta.url));
mkdirSync(shots, { recursive: true });
const parts = process.argv.slice(2);
const wanted = (name) => parts.length === 0 || parts.some((part) => name.includes(part));

// A cache of its own, so that several people and the tests do not wait for each other.
const server = await createServer({ root, configFile: `${root}vite.config.ts`, server: { port: 0, host: '127.0.0.1', hmr: false }, cacheDir: 'node_modules/.vite-gallery', logLevel: 'warn' });
await server.listen();
const { port } = server.httpServer.address();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
let failed = false;
let taken = 0;
try {
  for (const theme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width: 1260, height: 900 }, timezoneId: 'UTC' });
    const wrong = (what) => {
      failed = true;
      console.error(`${theme}: ${what}`);
    };
    page.on('pageerror', (error) => wrong(error.stack ?? error.message));
    page.on('console', (message) => message.type() === 'error' && wrong(message.text()));
    // One part is asked of the page, so that it draws no more than is needed.
    const query = new URLSearchParams({ theme, ...(parts.length === 1 ? { case: parts[0] } : {}) });
    await page.goto(`http://127.0.0.1:${port}/gallery/?${query}`);
    await page.waitForSelector('main');
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), null, { timeout: 60_000 });
    await page.evaluate(() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))));
    for (const one of await page.locator('[data-case]').all()) {
      const name = await one.getAttribute('data-case');
      if (!wanted(name)) continue;
      if ((await one.locator('.note.bad').count()) > 0) wrong(`${name}: ${await one.locator('.note.bad').first().innerText()}`);
      await one.screenshot({ path: `${shots}${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.${theme}.png` });
      taken += 1;
    }
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(`${taken} screenshots in ${shots}`);
process.exit(failed || taken === 0 ? 1 : 0);
