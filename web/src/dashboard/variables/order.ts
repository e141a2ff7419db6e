/** Which variables must be known before which. */

import type { Variable } from '../model';
import { variablesIn } from './interpolate';
import { queryTexts } from './queries';

const text = (value: unknown): string[] => (typeof value === 'string' ? [value] : []);

/** The names that a variable's options and value are made of. */
export function dependencies(variable: Variable): string[] {
  const parts = [...queryTexts(variable), ...text(variable.datasource?.uid), ...text(variable.regex), ...text(variable.allValue)];
  return [...new Set(parts.flatMap(variablesIn))].filter((name) => name !== variable.name);
}

export interface Order {
  /** By name, only those of this dashboard. */
  needs: Map<string, string[]>;
  /** Those that wait for each other, with the circle in words. */
  circles: Map<string, string>;
}

/** Finds circles, so that nobody waits for them. */
export function orderOf(variables: Variable[]): Order {
  const names = new Set(variables.map(({ name }) => name));
  const needs = new Map(variables.map((variable) => [variable.name, dependencies(variable).filter((name) => names.has(name))]));
  const circles = new Map<string, string>();
  const done = new Set<string>();
  for (const start of names) {
    const way: { name: string; next: number }[] = [{ name: start, next: 0 }];
    while (way.length > 0) {
      const here = way.at(-1)!;
      const next = done.has(here.name) ? undefined : needs.get(here.name)![here.next];
      if (next === undefined) {
        done.add(here.name);
        way.pop();
        continue;
      }
      here.next += 1;
      const at = way.findIndex(({ name }) => name === next);
      if (at >= 0) {
        const circle = way.slice(at).map(({ name }) => name);
        for (const name of circle) circles.set(name, [...circle, circle[0]!].map((each) => `$${each}`).join(' → '));
      } else if (!done.has(next)) way.push({ name: next, next: 0 });
    }
  }
  return { needs, circles };
}
