import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectNoSeriousFinding } from './axe';
import { expect, test } from './page';

// Against a Phoenix of its own, whose rules have mistakes.
const program = process.env.PHOENIX_BIN;
const rules = `groups:
  - name: api
    rules:
      - alert: Fine
        expr: node_load1 > 1000
        for: 1m
        labels: {severity: warning}
      - alert: Failing
        expr: |
          rate(orders_total{state="failed"}[5m]) /
            rate(orders_total[5m]) > 0.1
        for: 5m
        labels: {severity: critical}
`;

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

test.describe('findings of the linter', () => {
  test.skip(!program, 'needs the program: npm run e2e');
  let phoenix: ChildProcess;
  let dir: string;
  let url: string;
  test.beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'phoenix-findings-'));
    writeFileSync(join(dir, 'rules.yaml'), rules);
    writeFileSync(join(dir, 'phoenix.yaml'), 'rules: [rules.yaml]\notlp: off\n');
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    phoenix = spawn(program!, ['serve', '--config', join(dir, 'phoenix.yaml'), '--data-dir', join(dir, 'data'), '--listen', address], { stdio: 'ignore' });
    await expect.poll(async () => (await fetch(`${url}/api/phoenix/v1/findings`).then((answer) => answer.json()).catch(() => ({}))).checked_at ?? null, { timeout: 20_000 }).not.toBeNull();
  });
  test.afterAll(async () => {
    const over = new Promise((resolve) => phoenix.on('exit', resolve));
    phoenix.kill('SIGTERM');
    await over;
    rmSync(dir, { recursive: true, force: true });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a rule shows its findings, in ${colorScheme}`, async ({ page }, info) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.goto(`${url}/rules`);
      const failing = page.getByRole('row').filter({ hasText: 'Failing' });
      // The first run begins with the server, and waits for a place among the queries.
      await expect(failing.getByText('1 finding', { exact: true })).toBeVisible({ timeout: 30_000 });
      await expect(failing.getByText('rules.yaml:10:11')).toBeVisible();
      await failing.locator('.lint-findings summary').click();
      await expect(failing.locator('.diff .new').first()).toBeVisible();
      await expectNoSeriousFinding(page);
      await info.attach(`wide-${colorScheme}`, { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });

      await page.getByRole('button', { name: /with findings/ }).click();
      await expect(page).toHaveURL(/findings=yes/);
      await expect(page.getByRole('row').filter({ hasText: 'Fine' })).toHaveCount(0);
      await expect(failing).toBeVisible();

      await page.setViewportSize({ width: 360, height: 740 });
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await info.attach(`phone-${colorScheme}`, { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' });
    });
  }

  test('the page of a rule is there without a network', async ({ page }) => {
    await page.goto(`${url}/rules`);
    const link = page.getByRole('link', { name: 'promql/ratio-matches-itself' });
    const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()]);
    await expect(opened.locator('body')).toContainText('promql/ratio-matches-itself');
  });

  test('the editor underlines what the linter finds, and mends it', async ({ page }) => {
    await page.goto(`${url}/explore`);
    const editor = page.getByRole('textbox', { name: /query|expression/i }).first();
    await editor.click();
    // In one piece, as it is pasted: completions and closing brackets are another test's.
    await page.keyboard.insertText('rate(a_total{b="c"}[5m]) / rate(a_total[5m])');
    await page.keyboard.press('Escape');
    const marked = page.locator('.cm-lintRange-error').first();
    await expect(marked).toBeVisible({ timeout: 30_000 });
    const tip = page.locator('.cm-tooltip-lint');
    // The editor looks at where the pointer rests, which has to come from elsewhere.
    await expect(async () => {
      await page.mouse.move(0, 0);
      await marked.hover();
      await expect(tip).toContainText('promql/ratio-matches-itself', { timeout: 3_000 });
    }).toPass({ timeout: 30_000 });
    await tip.getByRole('button').first().click();
    await expect(editor).toContainText('sum');
    await expect(page.locator('.cm-lintRange-error')).toHaveCount(0);
  });
});
