import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { quantity } from '../../../format/quantity';
import { criticalPath, pathBySpan } from '../../../traces/critical-path';
import { visibleRows } from '../../../traces/rows';
import type { Trace } from '../../../traces/trace';
import { buildTrace, rootOf, spanRef } from '../../../traces/trace';
import { traceLink } from '../../../url/traces';
import '../../../views/traces/Traces.css';
import { Waterfall } from '../../../views/traces/Waterfall';
import type { Frame } from '../../frame';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { Nothing } from '../Nothing';
import Table from '../table/Table';
import { spansOf } from './spans';
import './traces.css';

/** The spans of one trace over time, or a table of the traces that a search found. */
export default function Traces(props: PanelProps<JsonObject>) {
  const { frames, panel, width, height } = props;
  const spans = frames.find(({ meta }) => meta?.kind === 'trace');
  if (spans && spans.length > 0) return <OneTrace key={spans.meta?.query} frame={spans} label={panel.title || 'Trace'} width={width} height={height} />;
  const found = frames.filter(({ meta, length }) => meta?.kind !== 'trace' && length > 0);
  if (found.length === 0) return <Nothing width={width} height={height} text={panel.fieldConfig?.defaults.noValue || 'No traces'} />;
  return <Table {...props} frames={found} />;
}

function OneTrace({ frame, label, width, height }: { frame: Frame; label: string; width: number; height: number }) {
  const [, navigate] = useLocation();
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const [active, setActive] = useState(0);
  const trace: Trace = useMemo(() => buildTrace(spansOf(frame)), [frame]);
  const path = useMemo(() => pathBySpan(criticalPath(trace)), [trace]);
  const rows = useMemo(() => visibleRows(trace, collapsed), [trace, collapsed]);
  const root = rootOf(trace);
  return (
    <section className="trace-panel waterfall-panel" style={{ width, height }} aria-label={label}>
      <div className="row wrap trace-panel-head">
        <Link href={traceLink(trace.id)}>
          {root?.raw.resource.service} {root?.raw.name}
        </Link>
        <span className="dim num">
          {quantity(trace.duration / 1e9, 'seconds')}, {trace.spans.length.toLocaleString('en')} {trace.spans.length === 1 ? 'span' : 'spans'}
          {trace.errors > 0 && `, ${trace.errors.toLocaleString('en')} with errors`}
        </span>
      </div>
      <Waterfall
        trace={trace}
        rows={rows}
        path={path}
        window={{ from: 0, to: Math.max(trace.duration, 1) }}
        collapsed={collapsed}
        marked={nothing}
        active={active}
        selected={-1}
        onActive={setActive}
        onSelect={(place) => navigate(traceLink(trace.id, { span: spanRef(trace, place) }))}
        onCollapse={(which, close) =>
          setCollapsed((before) => {
            const next = new Set(before);
            if (close) next.add(which);
            else next.delete(which);
            return next;
          })
        }
      />
    </section>
  );
}

const nothing: ReadonlySet<number> = new Set();
