/** Attributes of links to other windows, which shall know nothing of this one. */
export const outside = { target: '_blank', rel: 'noopener noreferrer' } as const;
