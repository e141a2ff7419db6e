import { defineConfig } from '@playwright/test';

/** Set PHOENIX_URL to test against a running Phoenix; otherwise the mock server serves the built UI. */
const given = process.env.PHOENIX_URL;
const mock = 'http://127.0.0.1:9098';

export default defineConfig({
  testDir: 'e2e',
  timeout: 45_000,
  expect: { timeout: 10_000 },
  workers: 1,
  reporter: 'list',
  use: {
    baseURL: given ?? mock,
    viewport: { width: 1280, height: 850 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  webServer: given ? undefined : { command: 'node mock/server.mjs', url: mock, env: { LISTEN: '127.0.0.1:9098' }, reuseExistingServer: false },
});
