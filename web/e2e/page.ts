import { test as base, expect } from '@playwright/test';

/** A page whose test fails on an error in its console, such as a breach of the content security policy. */
export const test = base.extend<{ allowed: string }>({
  allowed: ['', { option: true }],
  page: async ({ page, allowed }, use) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      // The browser reports refused requests itself; views that provoke one say so.
      if (message.type() === 'error' && !(allowed !== '' && new RegExp(allowed).test(message.text()))) errors.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(page.url() === 'about:blank' ? request.url() : page.url()).origin)) errors.push(`request to ${request.url()}`);
    });
    await use(page);
    expect(errors).toEqual([]);
  },
});

export { expect };
