import { defineConfig } from 'vitest/config';
import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { fileNames, filesOfDashboards } from './chunks.ts';

/** Where `npm run dev` sends API calls: the mock server, or a running `phoenix`. */
const server = process.env.PHOENIX_URL ?? 'http://127.0.0.1:9099';

/** Tells `public/early.js` which files a dashboard's page is made of. */
const earlyFiles: Plugin = {
  name: 'early-files',
  transformIndexHtml: {
    order: 'post',
    handler: (html, { bundle }) => html.replace('<script src="/early.js"', (script) => (bundle ? `${script} data-dashboard="${filesOfDashboards(bundle).join(' ')}"` : script)),
  },
};

export default defineConfig({
  base: '/',
  plugins: [react(), earlyFiles],
  build: {
    target: 'es2022',
    // The page's policy is `default-src 'self'`: no data: addresses in scripts and styles.
    assetsInlineLimit: 0,
    sourcemap: false,
    // `scripts/size.mjs` walks the manifest to add up what each view loads.
    manifest: true,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What depends on a module of a file need not be in it; what it depends on has a file of its own by the same rules.
          includeDependenciesRecursively: false,
          groups: [{ name: 'index', tags: ['$initial'], priority: 1 }, { name: fileNames(fileURLToPath(new URL('src', import.meta.url))) }],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/api', '/-/', '/metrics', '/federate', '/incident-link'].map((path) => [path, { target: server }]),
    ),
  },
  // A busy machine is slower, not wrong: the limit only ends what hangs.
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 120_000 },
});
