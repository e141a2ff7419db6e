import type { ComponentType } from 'react';
import type { PanelProps } from '../panel';

type Load = () => Promise<{ default: ComponentType<PanelProps> }>;

/**
 * The kinds of panels that can be shown, by Grafana's ids. Each is loaded when it is first needed.
 * Older kinds (`graph`, `singlestat`, `table-old`) are migrated by the server.
 */
export const panelKinds: Record<string, { name: string; load: Load }> = {
  barchart: { name: 'Bar chart', load: () => import('./barchart') },
  heatmap: { name: 'Heatmap', load: () => import('./heatmap') },
  histogram: { name: 'Histogram', load: () => import('./histogram') },
  timeseries: { name: 'Time series', load: () => import('./timeseries') },
  stat: { name: 'Stat', load: () => import('./stat/Stat') },
  gauge: { name: 'Gauge', load: () => import('./gauge/Gauge') },
  bargauge: { name: 'Bar gauge', load: () => import('./bargauge/BarGauge') },
  table: { name: 'Table', load: () => import('./table/Table') },
  piechart: { name: 'Pie chart', load: () => import('./piechart/PieChart') },
  text: { name: 'Text', load: () => import('./text/Text') },
  logs: { name: 'Logs', load: () => import('./logs/Logs') },
  'state-timeline': { name: 'State timeline', load: () => import('./state-timeline/StateTimeline') },
  'status-history': { name: 'Status history', load: () => import('./status-history/StatusHistory') },
  alertlist: { name: 'Alert list', load: () => import('./alertlist/AlertList') },
  dashlist: { name: 'Dashboard list', load: () => import('./dashlist/DashList') },
  traces: { name: 'Traces', load: () => import('./traces/Traces') },
  nodeGraph: { name: 'Service graph', load: () => import('./service-graph/ServiceGraph') },
};
