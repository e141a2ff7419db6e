/** Addresses that a dashboard may lead to: pages and mail; no scripts, no data. */
export const isSafe = (href: string) => {
  try {
    return ['http:', 'https:', 'mailto:'].includes(new URL(href, 'http://here.invalid').protocol);
  } catch {
    return false;
  }
};

/** For links to other windows, which shall know nothing of this one. */
export const rel = 'noopener noreferrer';
