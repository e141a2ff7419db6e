/** Whether a link out of a dashboard may be followed: a page's path, http, https or mail; no script, no data. */
export function isSafeUrl(url: string): boolean {
  const trimmed = url.trim();
  if (trimmed === '') return false;
  try {
    return ['http:', 'https:', 'mailto:'].includes(new URL(trimmed, 'http://relative.invalid/').protocol);
  } catch {
    return false;
  }
}
