// Screenshots of the gallery's cases, light and dark, into shots/gallery/. `node gallery/shots.mjs [part of a name…]`.
// Fails when a case throws or the page writes an error to its console.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { serveGallery, settled } from './serve.mjs';

const shots = fileURLToPath(new URL('../shots/gallery/', import.meta.url));
mkdirSync(shots, { recursive: true });
const parts = process.argv.slice(2);
const wanted = (name) => parts.length === 0 || parts.some((part) => name.includes(part));

let failed = false;
let taken = 0;
const gallery = await serveGallery();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  for (const theme of ['light', 'dark']) {
    const wrong = (what) => {
      failed = true;
      console.error(`${theme}: ${what}`);
    };
    // One part is asked of the page, so that it draws no more than is needed.
    const page = await browser.newPage({ viewport: { width: 1260, height: 900 }, timezoneId: 'UTC' });
    page.on('pageerror', (error) => wrong(error.stack ?? error.message));
    page.on('console', (message) => message.type() === 'error' && wrong(message.text()));
    await page.goto(`${gallery.url}?${new URLSearchParams({ theme, ...(parts.length === 1 ? { case: parts[0] } : {}) })}`);
    await settled(page);
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
  await gallery.close();
}
console.log(`${taken} screenshots in ${shots}`);
process.exit(failed || taken === 0 ? 1 : 0);
