// The gallery, built as the UI is, on a free port. The browser tests and `shots.mjs` look at it.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = { root, configFile: `${root}vite.config.ts`, logLevel: 'error' };

/** Builds and serves the gallery: its address, and what ends it. */
export async function serveGallery() {
  // Of this process, so that two may run side by side.
  const outDir = `${root}node_modules/.gallery-${process.pid}`;
  await build({ ...shared, build: { outDir, emptyOutDir: true, manifest: false, minify: false, rollupOptions: { input: `${root}gallery/index.html` } } });
  const server = await preview({ ...shared, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const { port } = server.httpServer.address();
  return {
    url: `http://127.0.0.1:${port}/gallery/`,
    close: async () => {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

/** What is drawn after data has come: fonts, lazy kinds, and the frames in which charts measure themselves. */
export async function settled(page) {
  await page.waitForSelector('main');
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), null, { timeout: 30_000 });
  await page.evaluate(() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))));
}
