import { useComputedColorScheme } from '@mantine/core';
import { useState } from 'react';
import { lineColor } from '../../charts/colors';
import type { Trace } from '../../traces/trace';

/** Services named before more are asked for. */
const few = 12;

/** Which colour is which service. */
export function ServiceLegend({ trace }: { trace: Trace }) {
  const isDark = useComputedColorScheme('light') === 'dark';
  const [all, setAll] = useState(false);
  const listed = all ? trace.services : trace.services.slice(0, few);
  return (
    <div className="row wrap service-legend">
      {listed.map((service, index) => (
        <span key={service} className="row">
          <span className="service-mark" style={{ background: lineColor(index, isDark) }} aria-hidden="true" />
          {service}
        </span>
      ))}
      {trace.services.length > listed.length && (
        <button type="button" className="chip" onClick={() => setAll(true)}>
          {trace.services.length - listed.length} more
        </button>
      )}
    </div>
  );
}

/** The place of each service's colour. */
export const serviceColors = (trace: Trace) => new Map(trace.services.map((service, index) => [service, index]));
