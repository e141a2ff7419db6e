import type { Json, JsonObject } from '../model';

/** The value at a dotted path, such as `fieldConfig.defaults.custom.lineWidth`. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** A copy with another value at a dotted path; `undefined` removes it. Objects on the way are made where there are none. */
export function withAt<T extends object>(value: T, path: string, next: Json | undefined): T {
  const [key, ...rest] = path.split('.') as [string, ...string[]];
  const copy = { ...value } as JsonObject;
  if (rest.length > 0) {
    const inner = copy[key];
    copy[key] = withAt(typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}, rest.join('.'), next);
  } else if (next === undefined) delete copy[key];
  else copy[key] = next;
  return copy as T;
}
