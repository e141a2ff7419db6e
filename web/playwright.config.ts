import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';

/** Set PHOENIX_URL to test against a running Phoenix; otherwise the mock server serves the built UI. */
const given = process.env.PHOENIX_URL;
const mock = 'http://127.0.0.1:9098';

export default defineConfig({
  testDir: 'e2e',
  timeout: 45_000,
  // A pixel is another one when it differs visibly; a line may stand a fraction of a pixel elsewhere.
  expect: { timeout: 10_000, toHaveScreenshot: { animations: 'disabled', caret: 'hide', scale: 'css', threshold: 0.1, maxDiffPixels: 25 } },
  snapshotPathTemplate: '{testDir}/{testFileDir}/pictures/{arg}{ext}',
  workers: 1,
  // What passes only the second time does not stop a release, and the report names it as flaky.
  retries: 1,
  reporter: 'list',
  use: {
    baseURL: given ?? mock,
    viewport: { width: 1280, height: 850 },
    launchOptions: {
      env: { ...(process.env as Record<string, string>), FONTCONFIG_FILE: fileURLToPath(new URL('e2e/fonts.conf', import.meta.url)) },
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  webServer: given ? undefined : { command: 'node mock/server.mjs', url: mock, env: { LISTEN: '127.0.0.1:9098' }, reuseExistingServer: false },
});
