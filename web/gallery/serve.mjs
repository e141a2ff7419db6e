// The gallery on a free port and a browser for it, for as long as `use` takes.
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { createServer } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `use` is given a function that opens the gallery: `open(query, wrong)`; `wrong` is told errors of the page. */
export async function withGallery(use) {
  // A cache of its own, so that the development server and this do not wait for each other.
  const server = await createServer({ root, configFile: `${root}vite.config.ts`, server: { port: 0, host: '127.0.0.1', hmr: false }, cacheDir: 'node_modules/.vite-gallery', logLevel: 'warn' });
  await server.listen();
  const { port } = server.httpServer.address();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
  try {
    await use(async (query, wrong) => {
      const page = await browser.newPage({ viewport: { width: 1260, height: 900 }, timezoneId: 'UTC' });
      page.on('pageerror', (error) => wrong(error.stack ?? error.message));
      page.on('console', (message) => message.type() === 'error' && wrong(message.text()));
      await page.goto(`http://127.0.0.1:${port}/gallery/?${new URLSearchParams(query)}`);
      await page.waitForSelector('main');
      await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), null, { timeout: 60_000 });
      await page.evaluate(() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))));
      return page;
    });
  } finally {
    await browser.close();
    await server.close();
  }
}
