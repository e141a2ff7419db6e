import { useMemo } from 'react';
import { quantity } from '../../format/quantity';
import { Scroll } from '../../parts/Scroll';
import { State } from '../../parts/State';
import type { Segment } from '../../traces/critical-path';
import { operations } from '../../traces/operations';
import type { Trace } from '../../traces/trace';

const seconds = (nanoseconds: number) => quantity(nanoseconds / 1e9, 'seconds');
/** Operations that are listed. */
const mostListed = 500;

/** What each operation did in the trace. */
export function OperationsTable({ trace, path }: { trace: Trace; path: Map<number, Segment[]> }) {
  const rows = useMemo(() => operations(trace), [trace]);
  const onPath = useMemo(() => {
    const sums = new Map<string, number>();
    for (const [place, segments] of path) {
      const { raw } = trace.spans[place]!;
      const key = `${raw.resource.service}\u0000${raw.name}`;
      sums.set(key, (sums.get(key) ?? 0) + segments.reduce((sum, { from, to }) => sum + to - from, 0));
    }
    return sums;
  }, [trace, path]);
  return (
    <section className="panel" aria-label="Operations">
      <Scroll label="Operations">
        <table className="grid">
          <thead>
            <tr>
              <th>Operation</th>
              <th className="num">Spans</th>
              <th className="num">Errors</th>
              <th className="num">In itself</th>
              <th className="num">On the critical path</th>
              <th className="num">Altogether</th>
              <th className="num">Longest</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, mostListed).map((row) => (
              <tr key={`${row.service}\u0000${row.name}`}>
                <td>
                  <strong>{row.service}</strong> {row.name}
                </td>
                <td className="num">{row.count.toLocaleString('en')}</td>
                <td className="num">{row.errors > 0 ? <State state="error" label={row.errors.toLocaleString('en')} /> : 0}</td>
                <td className="num nowrap">{seconds(row.self)}</td>
                <td className="num nowrap">{seconds(onPath.get(`${row.service}\u0000${row.name}`) ?? 0)}</td>
                <td className="num nowrap">{seconds(row.total)}</td>
                <td className="num nowrap">{seconds(row.longest)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {rows.length > mostListed && <p className="dim body">The {mostListed} with most time in themselves, of {rows.length.toLocaleString('en')}.</p>}
    </section>
  );
}
