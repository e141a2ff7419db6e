import type { Trace } from './trace';

/** Spans of the same operation below the same operations, added up. */
export interface Frame {
  service: string;
  name: string;
  /** The place of the frame above; -1 for the outermost. */
  parent: number;
  depth: number;
  count: number;
  errors: number;
  /** Nanoseconds in which these spans ran and none of their children did. */
  self: number;
  /** `self` of this frame and of all below it. */
  total: number;
  children: number[];
}

/**
 * The flame graph's frames, each after the one above it. A frame is as wide as the self times of all spans in and below
 * it together, so that the frames on one level never take more than the one that they stand on, also where children ran
 * beside each other.
 */
export function flame(trace: Trace): Frame[] {
  const frames: Frame[] = [];
  // By the frame above and the operation, as one number: a text for each of a million spans takes long.
  const known = new Map<number, number>();
  const numbers = operationNumbers(trace);
  const places = new Int32Array(trace.spans.length);
  trace.spans.forEach((span, place) => {
    const parent = span.parent < 0 ? -1 : places[span.parent]!;
    const { name, resource } = span.raw;
    const key = (parent + 1) * trace.spans.length + numbers[place]!;
    let at = known.get(key);
    if (at === undefined) {
      at = frames.length;
      known.set(key, at);
      frames.push({ service: resource.service, name, parent, depth: parent < 0 ? 0 : frames[parent]!.depth + 1, count: 0, errors: 0, self: 0, total: 0, children: [] });
      if (parent >= 0) frames[parent]!.children.push(at);
    }
    places[place] = at;
    const frame = frames[at]!;
    frame.count += 1;
    frame.self += span.self;
    if (span.raw.status === 'error') frame.errors += 1;
  });
  for (let at = frames.length - 1; at >= 0; at -= 1) {
    const frame = frames[at]!;
    frame.total += frame.self;
    if (frame.parent >= 0) frames[frame.parent]!.total += frame.total;
  }
  return frames;
}

/** The number of each span's operation, counted from 0; each is less than the number of spans. */
function operationNumbers(trace: Trace): Uint32Array {
  const services = new Map<string, Map<string, number>>();
  let count = 0;
  return Uint32Array.from(trace.spans, ({ raw: { name, resource } }) => {
    const names = services.get(resource.service) ?? services.set(resource.service, new Map()).get(resource.service)!;
    const number = names.get(name);
    if (number !== undefined) return number;
    names.set(name, count);
    count += 1;
    return count - 1;
  });
}

/** A frame's rectangle: left edge and width as shares of the whole, its level from the top. */
export interface Box {
  frame: number;
  left: number;
  width: number;
  level: number;
}

/**
 * Rectangles of what stands on `base` (-1: of all), widest first within a frame. Those narrower than `least` and those
 * more than `levels` deep are left out; zooming in shows them.
 */
export function boxes(frames: Frame[], base: number, least: number, levels: number): Box[] {
  const roots = base >= 0 ? [base] : frames.flatMap((frame, at) => (frame.parent < 0 ? [at] : []));
  const whole = roots.reduce((sum, at) => sum + frames[at]!.total, 0);
  if (whole <= 0) return [];
  const found: Box[] = [];
  const open: { list: number[]; left: number; level: number }[] = [{ list: roots, left: 0, level: 0 }];
  while (open.length > 0) {
    const { list, left, level } = open.pop()!;
    let at = left;
    for (const frame of [...list].sort((a, b) => frames[b]!.total - frames[a]!.total)) {
      const width = frames[frame]!.total / whole;
      if (width < least) break;
      found.push({ frame, left: at, width, level });
      if (level + 1 < levels) open.push({ list: frames[frame]!.children, left: at, level: level + 1 });
      at += width;
    }
  }
  return found.sort((a, b) => a.level - b.level || a.left - b.left);
}
