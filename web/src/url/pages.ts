/** Whether a path is one of a page's, whose pattern is written in wouter's way: `/d/:uid/:slug?`. */
export const pathMatches = (pattern: string, path: string): boolean => new RegExp(`^${pattern.replace(/\/:\w+\?/g, '(?:/[^/]+)?').replace(/:\w+/g, '[^/]+')}/?$`).test(path);
