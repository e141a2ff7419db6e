import type { Finding } from '../model';

/** How many things of a dashboard are not shown as they were meant. */
export const graveCount = (report: readonly Finding[]) => report.filter(({ severity }) => severity !== 'info').length;
