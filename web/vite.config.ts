import { defineConfig } from 'vitest/config';
import react from '@vitejs/plugin-react';

/** Where `npm run dev` sends API calls: the mock server, or a running `phoenix`. */
const server = process.env.PHOENIX_URL ?? 'http://127.0.0.1:9099';

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    target: 'es2022',
    // The page's policy is `default-src 'self'`: no data: addresses in scripts and styles.
    assetsInlineLimit: 0,
    sourcemap: false,
    // `scripts/size.mjs` walks the manifest to add up what each view loads.
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ['/api', '/-/', '/metrics', '/federate', '/incident-link'].map((path) => [path, { target: server }]),
    ),
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
