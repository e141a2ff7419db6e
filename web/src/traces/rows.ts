import { attributesOf, eventsOf, valueText } from './otlp';
import type { Trace } from './trace';

/** Places of the spans that are drawn: none below a collapsed one, and of the rest only those `kept` with their ancestors. */
export function visibleRows(trace: Trace, collapsed: ReadonlySet<number>, kept: ReadonlySet<number> | null = null): number[] {
  const { spans } = trace;
  let wanted: Uint8Array | null = null;
  if (kept) {
    wanted = new Uint8Array(spans.length);
    for (const place of kept) {
      for (let at = place; at >= 0 && wanted[at] === 0; at = spans[at]!.parent) wanted[at] = 1;
    }
  }
  const rows: number[] = [];
  for (let place = 0; place < spans.length; ) {
    if (wanted && wanted[place] === 0) {
      place += spans[place]!.size;
      continue;
    }
    rows.push(place);
    place += collapsed.has(place) ? spans[place]!.size : 1;
  }
  return rows;
}

/** Places of all spans above one, the nearest first. */
export function ancestors(trace: Trace, place: number): number[] {
  const found: number[] = [];
  for (let at = trace.spans[place]?.parent ?? -1; at >= 0; at = trace.spans[at]!.parent) found.push(at);
  return found;
}

const texts = new WeakMap<Trace, string[]>();

/** What a search looks at: names, ids, attributes and events, in lower case. */
function searchTexts(trace: Trace): string[] {
  const known = texts.get(trace);
  if (known) return known;
  const made = trace.spans.map(({ raw }) => {
    const attributes = attributesOf(raw).map((each) => `${each.key}=${valueText(each.value)}`);
    const events = eventsOf(raw).map((event) => `${event.name} ${event.attributes.map((each) => `${each.key}=${valueText(each.value)}`).join(' ')}`);
    return [raw.resource.service, raw.name, raw.kind, raw.status, raw.message, raw.spanId, ...attributes, ...events].join(' ').toLowerCase();
  });
  texts.set(trace, made);
  return made;
}

/** Places of spans in which all words occur. */
export function matching(trace: Trace, search: string): number[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return searchTexts(trace).flatMap((text, place) => (words.every((word) => text.includes(word)) ? [place] : []));
}
