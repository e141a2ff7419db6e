import type { Json } from '../../model';
import { zoneOf } from '../../time';

/** The panel's own zones, where it has any: an axis of time for each. */
export function zonesOf(asked: Json | undefined, otherwise: string): string[] {
  const names = Array.isArray(asked) ? asked.filter((name): name is string => typeof name === 'string') : [];
  const found = names.slice(0, 4).map((name) => (name === '' ? otherwise : zoneOf(name)));
  return found.length > 0 ? [...new Set(found)] : [otherwise];
}
