/** Rate, errors and duration of calls; `null` where nothing is known. */
export interface Figures {
  /** Calls in a second. */
  rate: number;
  /** Calls that failed in a second. */
  failed: number;
  /** The 95th percentile of durations, in seconds. */
  p95: number | null;
}

export interface Edge extends Figures {
  client: string;
  server: string;
  /** What the generator says of the callee, such as `database` or `messaging_system`; mostly empty. */
  connection: string;
}

export interface ServiceMap {
  /** Services by name, with what they answer. */
  nodes: Map<string, Figures>;
  edges: Edge[];
}

interface Sample {
  metric: Record<string, string>;
  value: number;
}

export interface MapAnswers {
  requests: Sample[];
  failed: Sample[];
  durations: Sample[];
  /** Spans that answer calls, by `service`: what no client reported is in them too. */
  calls: Sample[];
  callErrors: Sample[];
  callDurations: Sample[];
}

/** The expressions behind a map, over `range` as PromQL writes it. */
export function mapQueries(range: string): Record<keyof MapAnswers, string> {
  const by = 'client, server, connection_type';
  const answering = 'span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"';
  return {
    requests: `sum by (${by}) (rate(traces_service_graph_request_total[${range}]))`,
    failed: `sum by (${by}) (rate(traces_service_graph_request_failed_total[${range}]))`,
    durations: `histogram_quantile(0.95, sum by (${by}, le) (rate(traces_service_graph_request_server_seconds_bucket[${range}])))`,
    calls: `sum by (service) (rate(traces_spanmetrics_calls_total{${answering}}[${range}]))`,
    callErrors: `sum by (service) (rate(traces_spanmetrics_calls_total{${answering}, status_code="STATUS_CODE_ERROR"}[${range}]))`,
    callDurations: `histogram_quantile(0.95, sum by (service, le) (rate(traces_spanmetrics_latency_bucket{${answering}}[${range}])))`,
  };
}

/** Puts the answers together. A service that answers without being seen by a client stands alone. */
export function serviceMap(answers: MapAnswers): ServiceMap {
  const key = ({ client = '', server = '', connection_type = '' }: Record<string, string>) => JSON.stringify([client, server, connection_type]);
  const edges = new Map<string, Edge>();
  for (const { metric, value } of answers.requests) {
    const { client, server, connection_type: connection = '' } = metric;
    if (!client || !server || !(value > 0)) continue;
    edges.set(key(metric), { client, server, connection, rate: value, failed: 0, p95: null });
  }
  for (const { metric, value } of answers.failed) {
    const edge = edges.get(key(metric));
    if (edge && value > 0) edge.failed = value;
  }
  for (const { metric, value } of answers.durations) {
    const edge = edges.get(key(metric));
    if (edge && Number.isFinite(value)) edge.p95 = value;
  }
  const nodes = new Map<string, Figures>();
  const node = (name: string) => nodes.get(name) ?? nodes.set(name, { rate: 0, failed: 0, p95: null }).get(name)!;
  for (const edge of edges.values()) {
    node(edge.client);
    const server = node(edge.server);
    server.rate += edge.rate;
    server.failed += edge.failed;
    // Percentiles do not add up; the slowest caller's stands until the service's own spans tell.
    if (edge.p95 !== null) server.p95 = Math.max(server.p95 ?? 0, edge.p95);
  }
  for (const { metric, value } of answers.calls) {
    if (metric.service && value > 0) Object.assign(node(metric.service), { rate: value, failed: 0 });
  }
  for (const { metric, value } of answers.callErrors) {
    if (metric.service && nodes.has(metric.service) && value > 0) node(metric.service).failed = value;
  }
  for (const { metric, value } of answers.callDurations) {
    if (metric.service && nodes.has(metric.service) && Number.isFinite(value)) node(metric.service).p95 = value;
  }
  return { nodes, edges: [...edges.values()].sort((a, b) => b.rate - a.rate || a.client.localeCompare(b.client) || a.server.localeCompare(b.server)) };
}

export interface Placed {
  name: string;
  layer: number;
  /** The place within its layer, from the top. */
  row: number;
}

export interface Layout {
  placed: Map<string, Placed>;
  /** Places that calls over several layers pass on their way, by caller and callee (`wayOf`). */
  ways: Map<string, Placed[]>;
  layers: number;
  rows: number;
}

export const wayOf = (client: string, server: string) => JSON.stringify([client, server]);

/** The most places that calls may pass; where there were more, they run behind the services instead. */
const mostPassed = 2_000;
/** Rounds in which rows are moved next to their neighbours. */
const rounds = 8;

/**
 * Layers from callers to callees. A circle is opened at the call that leads back to a service on the way; each service
 * then stands one layer behind the farthest of its callers, and within a layer by the middle of its neighbours' rows.
 * Names decide where nothing else does, so that the same calls always give the same picture.
 */
export function layout(map: ServiceMap): Layout {
  const names = [...map.nodes.keys()].sort();
  const callees = new Map(names.map((name) => [name, new Set<string>()]));
  const callers = new Map(names.map((name) => [name, new Set<string>()]));
  for (const { client, server } of map.edges) {
    if (client === server) continue;
    callees.get(client)?.add(server);
    callers.get(server)?.add(client);
  }

  // Depth first, from those whom nobody calls; finished in reverse is an order in which callers come before callees.
  const state = new Map<string, 'open' | 'done'>();
  const back = new Set<string>();
  const order: string[] = [];
  for (const start of [...names.filter((name) => callers.get(name)!.size === 0), ...names]) {
    if (state.has(start)) continue;
    const way: { name: string; rest: string[] }[] = [{ name: start, rest: [...callees.get(start)!].sort().reverse() }];
    state.set(start, 'open');
    while (way.length > 0) {
      const here = way[way.length - 1]!;
      const next = here.rest.pop();
      if (next === undefined) {
        state.set(here.name, 'done');
        order.push(here.name);
        way.pop();
      } else if (state.get(next) === 'open') back.add(JSON.stringify([here.name, next]));
      else if (!state.has(next)) {
        state.set(next, 'open');
        way.push({ name: next, rest: [...callees.get(next)!].sort().reverse() });
      }
    }
  }
  const layerOf = new Map(names.map((name) => [name, 0]));
  for (const name of order.reverse()) {
    for (const callee of callees.get(name)!) {
      if (!back.has(JSON.stringify([name, callee]))) layerOf.set(callee, Math.max(layerOf.get(callee)!, layerOf.get(name)! + 1));
    }
  }

  // A call over several layers takes a row in each of them, so that it does not run behind a service.
  const near = new Map<string, string[]>(names.map((name) => [name, []]));
  const join = (a: string, b: string) => {
    near.get(a)!.push(b);
    near.get(b)!.push(a);
  };
  const passed = new Map<string, { key: string; layer: number }>();
  const far = names.flatMap((client) => [...callees.get(client)!].filter((server) => layerOf.get(server)! - layerOf.get(client)! > 1).map((server) => ({ client, server })));
  const isTooMuch = far.reduce((sum, { client, server }) => sum + layerOf.get(server)! - layerOf.get(client)! - 1, 0) > mostPassed;
  for (const client of names) {
    for (const server of callees.get(client)!) {
      const [from, to] = [layerOf.get(client)!, layerOf.get(server)!];
      let last = client;
      for (let layer = from + 1; layer < to && !isTooMuch; layer += 1) {
        const key = wayOf(client, server);
        const name = `${key} ${layer}`;
        passed.set(name, { key, layer });
        near.set(name, []);
        join(last, name);
        last = name;
      }
      if (from !== to) join(last, server);
    }
  }

  const layers: string[][] = [];
  for (const name of names) (layers[layerOf.get(name)!] ??= []).push(name);
  for (const [name, { layer }] of passed) layers[layer]!.push(name);
  const row = new Map<string, number>();
  const number = (layer: string[]) => layer.forEach((name, at) => row.set(name, at - (layer.length - 1) / 2));
  layers.forEach(number);
  for (let round = 0; round < rounds; round += 1) {
    for (const layer of round % 2 === 0 ? layers : [...layers].reverse()) {
      const middle = new Map(
        layer.map((name) => {
          const others = near.get(name)!;
          return [name, others.length === 0 ? row.get(name)! : others.reduce((sum, other) => sum + row.get(other)!, 0) / others.length];
        }),
      );
      layer.sort((a, b) => middle.get(a)! - middle.get(b)! || a.localeCompare(b));
      number(layer);
    }
  }
  const placed = new Map<string, Placed>();
  const ways = new Map<string, Placed[]>();
  layers.forEach((layer, index) =>
    layer.forEach((name, at) => {
      const place = { name, layer: index, row: at };
      const call = passed.get(name);
      if (!call) placed.set(name, place);
      else (ways.get(call.key) ?? ways.set(call.key, []).get(call.key)!).push(place);
    }),
  );
  return { placed, ways, layers: layers.length, rows: Math.max(0, ...layers.map((layer) => layer.length)) };
}

/** The map of the busiest services only, and how many were left out. */
export function busiest(map: ServiceMap, most: number): { map: ServiceMap; left: number } {
  if (map.nodes.size <= most) return { map, left: 0 };
  const weight = new Map([...map.nodes].map(([name, figures]) => [name, figures.rate]));
  for (const edge of map.edges) weight.set(edge.client, (weight.get(edge.client) ?? 0) + edge.rate);
  const kept = new Set([...weight].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, most).map(([name]) => name));
  return {
    map: { nodes: new Map([...map.nodes].filter(([name]) => kept.has(name))), edges: map.edges.filter((edge) => kept.has(edge.client) && kept.has(edge.server)) },
    left: map.nodes.size - kept.size,
  };
}
