/** From a panel's queries to the frames that it shows. */

export type { Answer, Query, QueryKind, Stats } from './answer';
export { sameAnswer } from './answer';
export { exemplarFrames, framesOf, targetFrames } from './frames';
export type { Prepared, QueryError } from './prepare';
export { PanelMemory, preparePanel } from './prepare';
export { refresh } from './refresh';
export { panelRequest } from './request';
export { loadScrapeMs, scrapeMs } from './scrape';
export type { PanelContext, PanelRequest, PreparedTarget } from './targets';
export { loadTransform, needsTransform } from './transforming';
