/** What stands for all options, in an address too. */
export const all = '$__all';

/** What a click on a value makes of a choice of several: all and single ones exclude each other, and one stays. */
export function toggled(chosen: readonly string[], value: string, includeAll: boolean): string[] {
  if (value === all) return [all];
  const without = chosen.filter((each) => each !== all && each !== value);
  const next = chosen.includes(value) ? without : [...without, value];
  return next.length === 0 && includeAll ? [all] : next;
}
