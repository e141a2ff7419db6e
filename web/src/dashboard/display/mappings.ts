/** Values that are told in words of the dashboard's own. */

import type { MappingResult, ValueMapping } from '../model';
import { patternOf } from './pattern';

/** The first mapping that the value fits, in the order of the dashboard. */
export function mappedTo(mappings: ValueMapping[], value: unknown): MappingResult | undefined {
  for (const mapping of mappings) {
    const result = fits(mapping, value);
    if (result) return result;
  }
  return undefined;
}

function fits(mapping: ValueMapping, value: unknown): MappingResult | undefined {
  if (mapping.options == null) return undefined;
  switch (mapping.type) {
    case 'value': {
      if (value == null) return undefined;
      const key = String(value);
      return Object.hasOwn(mapping.options, key) ? mapping.options[key] : undefined;
    }
    case 'range': {
      if (value == null || value === '' || typeof value === 'boolean') return undefined;
      const number = typeof value === 'number' ? value : Number(value);
      const { from, to, result } = mapping.options;
      return number >= (from ?? -Infinity) && number <= (to ?? Infinity) ? result : undefined;
    }
    case 'regex': {
      // Grafana applies these to text alone; numbers of queries that were turned into text count as text.
      if (typeof value !== 'string') return undefined;
      const { pattern, result } = mapping.options;
      const regex = patternOf(pattern);
      if (!regex || value.search(regex) === -1) return undefined;
      return result.text == null ? result : { ...result, text: value.replace(regex, result.text) };
    }
    case 'special':
      return isSpecial(mapping.options.match, value) ? mapping.options.result : undefined;
    default:
      return undefined;
  }
}

const isNaNumber = (value: unknown) => typeof value === 'number' && Number.isNaN(value);

function isSpecial(match: string, value: unknown): boolean {
  switch (match) {
    case 'true':
      return value === true || value === 'true';
    case 'false':
      return value === false || value === 'false';
    case 'null':
      return value == null;
    case 'nan':
      return isNaNumber(value);
    case 'null+nan':
      return value == null || isNaNumber(value);
    case 'empty':
      return value === '';
    default:
      return false;
  }
}
