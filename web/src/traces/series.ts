import type { TraceSeries } from '../api/tempo';
import type { Line } from '../charts/grid';

/** Lines over all moments at which any series has a point; where one has none is a gap. */
export function seriesLines(series: TraceSeries[], query: string): { times: number[]; lines: Line[] } {
  const moments = new Set<number>();
  for (const { points } of series) for (const [time] of points) moments.add(time);
  const times = [...moments].sort((a, b) => a - b);
  const places = new Map(times.map((time, index) => [time, index]));
  const lines = series.map((each, color): Line => {
    const values: (number | null)[] = new Array<number | null>(times.length).fill(null);
    for (const [time, value] of each.points) if (Number.isFinite(value)) values[places.get(time)!] = value;
    return { key: `${color} ${each.name}`, name: each.name || query, color, values };
  });
  return { times, lines };
}
