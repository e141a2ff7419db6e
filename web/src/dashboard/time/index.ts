/** Time as dashboards write it: expressions, ranges, zones, intervals. */

export * from './describe';
export * from './expression';
export * from './length';
export * from './range';
export * from './zone';
