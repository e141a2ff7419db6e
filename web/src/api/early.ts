/** Answers that `public/early.js` has asked for before the page's script was there. */

declare global {
  interface Window {
    phoenixEarly?: Record<string, Promise<Response> | undefined>;
  }
}

/** The answer that is on its way for `path`; it serves once, as the next one may be another. */
export function takeEarly(path: string): Promise<Response> | undefined {
  const known = typeof window === 'undefined' ? undefined : window.phoenixEarly;
  const found = known && Object.hasOwn(known, path) ? known[path] : undefined;
  if (known) delete known[path];
  return found;
}
