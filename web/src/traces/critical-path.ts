import type { Trace } from './trace';

/** A part of a trace's duration in which one span was what the end waited for. Nanoseconds since the trace began. */
export interface Segment {
  span: number;
  from: number;
  to: number;
}

/**
 * The critical path: what one would have to shorten to make the trace end earlier.
 *
 * It is followed backwards, from the end of the trace to its beginning. At each moment one span is on the path. Of its
 * children that have ended by then, the one that ended last is waited for: the time from the child's end to the moment
 * is the span's own, then the path goes on inside of the child, and from the child's beginning again in the span. A
 * child that goes on past the moment is not waited for, and what a child does outside of its parent does not count. The
 * trace itself stands above its roots, so that several roots are passed in the same way; time in which no root ran is
 * on nobody's path. The segments are disjoint, the last comes first.
 */
export function criticalPath(trace: Trace): Segment[] {
  const { spans } = trace;
  // Children by their ends, as far as their parents run; the last is taken first.
  const children: (number[] | undefined)[] = new Array<number[] | undefined>(spans.length + 1);
  spans.forEach((span, place) => {
    (children[span.parent + 1] ??= []).push(place);
  });
  const end = (place: number) => spans[place]!.begin + spans[place]!.duration;
  for (const siblings of children) siblings?.sort((a, b) => end(a) - end(b) || spans[a]!.begin - spans[b]!.begin);

  const segments: Segment[] = [];
  const open: { place: number; from: number; at: number; limit: number }[] = [{ place: -1, from: 0, at: trace.duration, limit: trace.duration }];
  while (open.length > 0) {
    const here = open[open.length - 1]!;
    const siblings = children[here.place + 1];
    let child = -1;
    while (siblings && siblings.length > 0 && here.at > here.from) {
      const next = siblings.pop()!;
      const ended = Math.min(end(next), here.limit);
      if (ended <= here.at && ended > Math.max(spans[next]!.begin, here.from)) {
        child = next;
        break;
      }
    }
    if (child < 0) {
      if (here.place >= 0 && here.at > here.from) segments.push({ span: here.place, from: here.from, to: here.at });
      open.pop();
      continue;
    }
    const to = Math.min(end(child), here.limit);
    const from = Math.max(spans[child]!.begin, here.from);
    if (here.place >= 0 && here.at > to) segments.push({ span: here.place, from: to, to: here.at });
    here.at = from;
    open.push({ place: child, from, at: to, limit: to });
  }
  return segments;
}

/** The segments of each span that is on the path. */
export function pathBySpan(segments: Segment[]): Map<number, Segment[]> {
  const found = new Map<number, Segment[]>();
  for (const segment of segments) {
    const held = found.get(segment.span);
    if (held) held.push(segment);
    else found.set(segment.span, [segment]);
  }
  return found;
}
