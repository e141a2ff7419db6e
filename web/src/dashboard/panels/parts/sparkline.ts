/** A small line without axes, as paths of SVG. */

export interface Line {
  times: number[];
  values: (number | null)[];
}

export interface Drawn {
  line: string;
  area: string;
}

interface Ends {
  min?: number | null;
  max?: number | null;
}

/** Points of which none is lost by eye; of more, each pixel keeps its least and its greatest. */
function thinned({ times, values }: Line, width: number): [number, number | null][] {
  if (times.length <= width * 4) return times.map((time, index) => [time, values[index] ?? null]);
  const each = Math.ceil(times.length / (width * 2));
  const kept: [number, number | null][] = [];
  for (let from = 0; from < times.length; from += each) {
    let least = -1;
    let most = -1;
    for (let at = from; at < Math.min(from + each, times.length); at += 1) {
      const value = values[at];
      if (value == null || !Number.isFinite(value)) continue;
      if (least < 0 || value < values[least]!) least = at;
      if (most < 0 || value > values[most]!) most = at;
    }
    if (least < 0) kept.push([times[from]!, null]);
    else for (const at of least === most ? [least] : [Math.min(least, most), Math.max(least, most)]) kept.push([times[at]!, values[at]!]);
  }
  return kept;
}

/** `null` when there is nothing to draw a line through. Gaps stay gaps. */
export function sparkline(given: Line, width: number, height: number, ends: Ends = {}): Drawn | null {
  const points = thinned(given, Math.max(1, Math.floor(width)));
  let [min, max] = [Infinity, -Infinity];
  for (const [, value] of points) {
    if (value === null || !Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const first = given.times[0];
  const last = given.times[given.times.length - 1];
  if (min > max || first === undefined || last === undefined || last <= first) return null;
  min = ends.min ?? min;
  max = ends.max ?? max;
  const edge = 1.5;
  const x = (time: number) => ((time - first) / (last - first)) * width;
  const y = (value: number) => {
    const share = max > min ? (value - min) / (max - min) : 0.5;
    return edge + (1 - Math.min(1, Math.max(0, share))) * (height - 2 * edge);
  };
  const round = (value: number) => Math.round(value * 10) / 10;
  let line = '';
  let area = '';
  let from: number | null = null;
  let to = 0;
  const close = () => {
    if (from !== null) area += `L${round(to)} ${round(height)}L${round(from)} ${round(height)}Z`;
    from = null;
  };
  for (const [time, value] of points) {
    if (value === null || !Number.isFinite(value)) {
      close();
      continue;
    }
    const spot = `${round(x(time))} ${round(y(value))}`;
    const isFirst = from === null;
    line += `${isFirst ? 'M' : 'L'}${spot}`;
    area += `${isFirst ? 'M' : 'L'}${spot}`;
    if (isFirst) from = x(time);
    to = x(time);
  }
  close();
  return { line, area };
}
