/** What series are called: the legend of their query, or their labels. */

import { quote } from '../../promql/matcher';

type Labels = Record<string, string>;

/** A metric as PromQL's own text writes it: `up{instance="a", job="b"}`. */
export function metricText(labels: Labels): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.keys(rest).sort().map((key) => `${key}=${quote(rest[key]!)}`);
  return pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`;
}

/**
 * The name that a legend gives a series; nothing where the panel makes one of its labels. An empty legend is the metric
 * with its labels, `__auto` what tells series apart, anything else a template with `{{label}}`.
 */
export function seriesNameOf(legend: string, labels: Labels, query: string): string | undefined {
  if (legend === '__auto') return Object.keys(labels).length > 0 ? undefined : query;
  if (legend === '') {
    const name = metricText(labels);
    return name === '{}' ? query : name;
  }
  const name = legend.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, label: string) => (Object.hasOwn(labels, label) ? labels[label]! : ''));
  // Labels that no series has leave the choice to the panel.
  return name === '' ? undefined : name;
}
