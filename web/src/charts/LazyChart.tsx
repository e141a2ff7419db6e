import { lazy, Suspense } from 'react';
import type { ChartProps } from './Chart';

const Chart = lazy(() => import('./Chart'));

/** A chart whose library is fetched when the first one is drawn; its place is kept meanwhile. */
export function LazyChart(props: ChartProps) {
  return (
    <Suspense fallback={<div className="chart" style={{ height: props.height ?? 260 }} aria-busy="true" />}>
      <Chart {...props} />
    </Suspense>
  );
}
