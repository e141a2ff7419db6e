import type { Json, JsonObject } from '../model';

/** A dotted path, such as `fieldConfig.defaults.custom.lineWidth`, or its keys where one of them may have dots in it. */
export type Path = string | readonly string[];

const keysOf = (path: Path): readonly string[] => (typeof path === 'string' ? path.split('.') : path);

/** The value at a path. */
export function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of keysOf(path)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** A copy with another value at a path; `undefined` removes it. Objects on the way are made where there are none. */
export function withAt<T extends object>(value: T, path: Path, next: Json | undefined): T {
  const [key, ...rest] = keysOf(path) as [string, ...string[]];
  const copy = { ...value } as JsonObject;
  const put = (made: Json) => Object.defineProperty(copy, key, { value: made, enumerable: true, configurable: true, writable: true });
  if (rest.length > 0) {
    const inner = Object.hasOwn(copy, key) ? copy[key] : undefined;
    put(withAt(typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}, rest, next));
  } else if (next === undefined) delete copy[key];
  else put(next);
  return copy as T;
}
