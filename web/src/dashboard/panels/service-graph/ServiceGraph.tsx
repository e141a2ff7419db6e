import { useMemo } from 'react';
import { emptyForm, writeForm } from '../../../traces/query';
import { busiest } from '../../../traces/service-map';
import { tracesLink } from '../../../url/traces';
import { MapDrawing } from '../../../views/traces/MapDrawing';
import '../../../views/traces/Traces.css';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { reached } from '../parts/reached';
import { Nothing } from '../Nothing';
import { graphOf } from './graph';

/** Services that are drawn, the busiest first. */
const mostDrawn = 120;

/** Who calls whom, as boxes and lines. */
export default function ServiceGraph({ frames, panel, width, height, range }: PanelProps<JsonObject>) {
  // Other graphs have figures of their own, which this drawing would name wrongly.
  const isForeign = frames.length > 0 && frames.some(({ meta }) => meta?.kind !== 'graph');
  const graph = useMemo(() => {
    const whole = graphOf(frames);
    return whole && whole.nodes.size > 0 ? busiest(whole, mostDrawn) : null;
  }, [frames]);
  if (isForeign) return <Nothing width={width} height={height} text="Not shown: a node graph is drawn of the map of services only" />;
  if (!graph) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || undefined} />;
  const span = { range: Math.max(1, Math.ceil((range.to - range.from) / 1000)), end: Math.ceil(range.to / 1000) };
  const calls = graph.map.edges.map(({ client, server }) => `${client} to ${server}`);
  return (
    <div style={{ width, height, overflow: 'auto' }} role="group" aria-label={panel.title || 'Services'} {...reached}>
      <MapDrawing map={graph.map} linkOf={(service) => tracesLink(writeForm({ ...emptyForm, service }), span)} label={`${graph.map.nodes.size} services and their calls: ${calls.slice(0, 30).join(', ')}`} />
      {graph.left > 0 && <p className="dim">The {mostDrawn} busiest services are drawn; {graph.left} are not.</p>}
    </div>
  );
}
