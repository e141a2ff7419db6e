/** What scrolls can be reached by key. */
export const reached = { tabIndex: 0 } as const;
