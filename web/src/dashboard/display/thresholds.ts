/** Which step of the thresholds a value has reached. */

import type { Thresholds, ThresholdStep } from '../model';

/** What panels have whose dashboard names none. */
export const defaultThresholds: Thresholds = { mode: 'absolute', steps: [{ value: null, color: 'green' }, { value: 80, color: 'red' }] };

const sorted = new WeakMap<Thresholds, ThresholdStep[]>();

/** Steps in rising order; the first without a value stands for minus infinity. */
export function thresholdSteps(thresholds: Thresholds): ThresholdStep[] {
  const known = sorted.get(thresholds);
  if (known) return known;
  const steps = [...(thresholds.steps ?? [])].sort((one, other) => (one.value ?? -Infinity) - (other.value ?? -Infinity));
  sorted.set(thresholds, steps);
  return steps;
}

/**
 * The last step whose value is reached; a value below all of them has the first, as in Grafana.
 * `share` is where the value lies between min and max, 0 to 1: what percentages are compared with.
 */
export function activeThreshold(value: number, share: number, thresholds: Thresholds): ThresholdStep | undefined {
  const steps = thresholdSteps(thresholds);
  const compared = thresholds.mode === 'percentage' ? share * 100 : value;
  let active = steps[0];
  for (const step of steps) {
    if (compared >= (step.value ?? -Infinity)) active = step;
    else break;
  }
  return active;
}
