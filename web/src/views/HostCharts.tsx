import { SegmentedControl, useComputedColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import type { Answer, QueryData } from '../api/prometheus';
import { queryRange } from '../api/prometheus';
import { lineColor } from '../charts/colors';
import { onGrid, times } from '../charts/grid';
import { LazyChart } from '../charts/LazyChart';
import type { Unit } from '../format/quantity';
import { quantity } from '../format/quantity';
import { Failure } from '../parts/Answer';
import { quote } from '../promql/matcher';
import { exploreLink, stepFor } from '../url/explore';
import { useParam } from '../url/params';

interface HostChart {
  title: string;
  unit: Unit;
  /** A share is drawn from 0 to 100 %. */
  full?: boolean;
  /** Name of the line (when the answer has one) or its label, and the expression. */
  lines: { name: string; text: string }[];
}

/** Charts of a host from node_exporter's metrics; `job` is written as a PromQL matcher. */
function charts(job: string): HostChart[] {
  const real = `${job},fstype!~"tmpfs|ramfs|overlay|squashfs|fuse.*|nsfs|proc|sysfs|devtmpfs"`;
  return [
    { title: 'CPU', unit: 'ratio', full: true, lines: [{ name: 'busy', text: `1 - avg by (instance) (rate(node_cpu_seconds_total{${job},mode="idle"}[1m]))` }] },
    {
      title: 'Memory',
      unit: 'ratio',
      full: true,
      lines: [{ name: 'in use', text: `1 - node_memory_MemAvailable_bytes{${job}} / node_memory_MemTotal_bytes{${job}}` }],
    },
    {
      title: 'Load',
      unit: 'none',
      lines: [
        { name: '1 min', text: `node_load1{${job}}` },
        { name: '5 min', text: `node_load5{${job}}` },
      ],
    },
    {
      title: 'Network',
      unit: 'bytes/s',
      lines: [
        { name: 'received', text: `sum by (instance) (rate(node_network_receive_bytes_total{${job},device!="lo"}[1m]))` },
        { name: 'sent', text: `sum by (instance) (rate(node_network_transmit_bytes_total{${job},device!="lo"}[1m]))` },
      ],
    },
    {
      title: 'Disk traffic',
      unit: 'bytes/s',
      lines: [
        { name: 'read', text: `sum by (instance) (rate(node_disk_read_bytes_total{${job}}[1m]))` },
        { name: 'written', text: `sum by (instance) (rate(node_disk_written_bytes_total{${job}}[1m]))` },
      ],
    },
    {
      title: 'Disk space',
      unit: 'ratio',
      full: true,
      lines: [{ name: 'in use', text: `max by (instance, device) (1 - node_filesystem_avail_bytes{${real}} / node_filesystem_size_bytes{${real}})` }],
    },
    {
      title: 'Disk busy',
      unit: 'ratio',
      lines: [{ name: 'busy', text: `rate(node_disk_io_time_seconds_total{${job}}[1m])` }],
    },
    {
      title: 'Pressure (waiting)',
      unit: 'ratio',
      lines: [
        { name: 'CPU', text: `rate(node_pressure_cpu_waiting_seconds_total{${job}}[1m])` },
        { name: 'memory', text: `rate(node_pressure_memory_waiting_seconds_total{${job}}[1m])` },
        { name: 'I/O', text: `rate(node_pressure_io_waiting_seconds_total{${job}}[1m])` },
      ],
    },
  ];
}

const ranges = { '15m': 900, '1h': 3_600 } as const;

export function HostCharts({ job }: { job: string }) {
  const [range, setRange] = useParam('range', '15m');
  const seconds = ranges[range as keyof typeof ranges] ?? ranges['15m'];
  const all = useMemo(() => charts(`job=${quote(job)}`), [job]);
  return (
    <section aria-labelledby="host" className="stack">
      <div className="row">
        <h2 id="host">Host</h2>
        <span className="grow" />
        <SegmentedControl
          aria-label="Time range of the host charts"
          value={range}
          onChange={setRange}
          data={[
            { value: '15m', label: '15 min' },
            { value: '1h', label: '1 h' },
          ]}
        />
      </div>
      <div className="host-charts">
        {all.map((chart) => (
          <OneChart key={chart.title} chart={chart} seconds={seconds} />
        ))}
      </div>
    </section>
  );
}

/** Seconds between two looks at the host. */
const renew = 5;

function OneChart({ chart, seconds }: { chart: HostChart; seconds: number }) {
  const step = Math.max(renew, stepFor(seconds, null));
  const isDark = useComputedColorScheme('light') === 'dark';
  const query = useQuery({
    queryKey: ['explore', 'host', chart.lines, seconds],
    queryFn: async ({ signal }) => {
      const end = Math.floor(Date.now() / 1000 / step) * step;
      const start = end - seconds;
      const answers = await Promise.all(chart.lines.map((line) => queryRange(line.text, 'promql', start, end, step, signal)));
      return { answers, start, end };
    },
    refetchInterval: renew * 1000,
    placeholderData: keepPreviousData,
  });
  const { data } = query;
  const drawn = useMemo(() => {
    if (!data) return null;
    const at = times(data.start, data.end, step);
    const lines = data.answers.flatMap((answer: Answer<QueryData>, index) => {
      const result = answer.data.resultType === 'matrix' ? answer.data.result : [];
      return result.map((series) => {
        // What tells the lines apart is enough of a name.
        const about = Object.entries(series.metric)
          .filter(([label, value]) => label !== '__name__' && result.some((other) => other.metric[label] !== value))
          .map(([, value]) => value)
          .join(' ');
        const name = [about !== '' && chart.lines.length === 1 ? '' : chart.lines[index]!.name, about].filter(Boolean).join(' ');
        return { key: `${index} ${JSON.stringify(series.metric)}`, name, values: onGrid(series, data.start, step, at.length) };
      });
    });
    return { at, lines: lines.map((line, color) => ({ ...line, color })) };
  }, [data, step, chart]);

  const explore = exploreLink('', {
    range: seconds,
    queries: chart.lines.map(({ text }) => ({ text, language: 'promql', hidden: false })),
  });
  return (
    <section className="panel host-chart" aria-label={chart.title}>
      <header>
        <h3>{chart.title}</h3>
        <span className="grow" />
        <Link href={explore} className="dim" aria-label={`Explore ${chart.title}`}>
          Explore
        </Link>
      </header>
      {query.error && !data && <Failure error={query.error} />}
      {drawn && drawn.lines.length === 0 && (
        <div className="empty" style={{ height: 150 }}>
          No points yet
        </div>
      )}
      {drawn && drawn.lines.length > 0 && (
        <>
          <LazyChart
            label={`${chart.title} over the last ${seconds / 60} minutes`}
            times={drawn.at}
            lines={drawn.lines}
            start={data!.start}
            end={data!.end}
            unit={chart.unit}
            height={130}
            from={0}
            to={chart.full ? 1 : undefined}
          />
          <div className="key">
            {drawn.lines.slice(0, 6).map((line) => {
              const last = line.values.findLast((value) => value !== null) ?? null;
              return (
                <span key={line.key}>
                  <span className="swatch" style={{ background: lineColor(line.color, isDark) }} />
                  <span className="dim">{line.name}</span>
                  <span className="num">{last === null ? '–' : quantity(last, chart.unit)}</span>
                </span>
              );
            })}
          </div>
        </>
      )}
      {!drawn && !query.error && <div style={{ height: 150 }} aria-busy="true" />}
    </section>
  );
}
