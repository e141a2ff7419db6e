// Runs the browser tests against the real program: `phoenix demo` on a free port with a data directory of its own, or
// the Phoenix at PHOENIX_URL. Arguments go to Playwright. The program is $PHOENIX_BIN, or the debug build.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Seconds for the demo to become ready, and to end. */
const patience = { start: 120, end: 30 };
const web = fileURLToPath(new URL('..', import.meta.url));

function program() {
  const { PHOENIX_BIN, CARGO_TARGET_DIR } = process.env;
  const places = PHOENIX_BIN ? [PHOENIX_BIN] : [...(CARGO_TARGET_DIR ? [join(CARGO_TARGET_DIR, 'debug/phoenix')] : []), join(web, '../target/debug/phoenix')];
  const found = places.find((place) => existsSync(place));
  if (!found) {
    console.error(`There is no program to test: looked for ${places.join(', ')}.\nBuild it with: cargo build -p phoenix-cli -p phoenix-platform`);
    process.exit(2);
  }
  return found;
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const ended = (child) => new Promise((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve(child.exitCode ?? 1) : child.on('exit', (code) => resolve(code ?? 1))));

let tests;

async function playwright(url, bin = process.env.PHOENIX_BIN) {
  tests = spawn(process.execPath, [join(web, 'node_modules/@playwright/test/cli.js'), 'test', ...process.argv.slice(2)], { cwd: web, stdio: 'inherit', env: { ...process.env, PHOENIX_URL: url, ...(bin && { PHOENIX_BIN: bin }) } });
  return ended(tests);
}

async function againstDemo() {
  const bin = program();
  const url = `http://127.0.0.1:${await freePort()}`;
  const dir = mkdtempSync(join(tmpdir(), 'phoenix-e2e-'));
  // A group of its own, so that Ctrl-C here ends it through the code below and once.
  const demo = spawn(bin, ['demo', '--listen', url.slice('http://'.length), '--data-dir', join(dir, 'demo')], { stdio: ['ignore', 'ignore', 'inherit'], detached: true });
  const over = ended(demo);
  demo.on('error', (error) => console.error(`${bin} does not start: ${error.message}`));
  let stopping = false;
  const stop = async () => {
    stopping = true;
    tests?.kill('SIGINT');
    demo.kill('SIGINT');
    const late = setTimeout(() => {
      console.error(`The demo did not end within ${patience.end} s of SIGINT.`);
      demo.kill('SIGKILL');
    }, patience.end * 1000);
    const code = await over;
    clearTimeout(late);
    rmSync(dir, { recursive: true, force: true });
    return code;
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop().then(() => process.exit(130)));

  const ready = async () => {
    for (let waited = 0; waited < patience.start * 4; waited += 1) {
      if (demo.exitCode !== null || demo.signalCode !== null) return false;
      const answer = await fetch(`${url}/-/ready`).catch(() => null);
      const home = answer?.ok ? await (await fetch(`${url}/api/phoenix/v1/home`)).json().catch(() => null) : null;
      // The tests look at series, so every target has been scraped.
      if (home && home.targets.up >= 4 && home.targets.unknown === 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return false;
  };
  if (!(await ready())) {
    console.error(
      demo.exitCode !== null
        ? `\`phoenix demo\` ended before it was ready, with exit code ${demo.exitCode}: its words are above. If one of Debian's packages is missing, this installs all it needs:\n    sudo apt-get install --no-install-recommends prometheus-node-exporter prometheus-postgres-exporter postgresql`
        : `\`phoenix demo\` was not ready within ${patience.start} s.`,
    );
    await stop();
    return 1;
  }
  console.log(`${bin} runs its demo at ${url}`);
  const code = await playwright(url, bin);
  if (stopping) return code;
  const demoCode = await stop();
  if (demoCode !== 0) console.error(`The demo ended with exit code ${demoCode}.`);
  return code || (demoCode === 0 ? 0 : 1);
}

process.exit(process.env.PHOENIX_URL ? await playwright(process.env.PHOENIX_URL) : await againstDemo());
