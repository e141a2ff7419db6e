import { useMemo } from 'react';
import { Link } from 'wouter';
import { quantity } from '../../format/quantity';
import type { Edge, Figures, Placed, ServiceMap } from '../../traces/service-map';
import { layout, wayOf } from '../../traces/service-map';

const box = { width: 168, height: 62 };
const gap = { x: 112, y: 26 };
const edge = 16;
/** From this share of errors on a service or a call is marked. */
const manyErrors = 0.01;

const errors = ({ rate, failed }: Figures) => (rate > 0 ? failed / rate : 0);
const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Calls between the same two services as one line. */
function lines(edges: Edge[]): Edge[] {
  const merged = new Map<string, Edge>();
  for (const each of edges) {
    const key = `${each.client}\u0000${each.server}`;
    const known = merged.get(key);
    if (known) merged.set(key, { ...known, rate: known.rate + each.rate, failed: known.failed + each.failed, p95: Math.max(known.p95 ?? 0, each.p95 ?? 0) });
    else merged.set(key, each);
  }
  return [...merged.values()];
}

/** Services as boxes in layers from callers to callees, calls as lines between them. The page's tables hold the same figures; elsewhere `label` says what there is to see. */
export function MapDrawing({ map, linkOf, label }: { map: ServiceMap; linkOf: (service: string) => string; label?: string }) {
  const placed = useMemo(() => layout(map), [map]);
  const drawn = lines(map.edges).filter((each) => each.client !== each.server);
  const isBack = ({ client, server }: Edge) => placed.placed.get(server)!.layer <= placed.placed.get(client)!.layer;
  const width = edge * 2 + placed.layers * box.width + (placed.layers - 1) * gap.x;
  // Calls back run below the services.
  const height = edge * 2 + placed.rows * box.height + (placed.rows - 1) * gap.y + (drawn.some(isBack) ? gap.y * 1.5 : 0);
  const inLayer = new Map<number, number>();
  for (const { layer, row } of [...placed.placed.values(), ...[...placed.ways.values()].flat()]) inLayer.set(layer, Math.max(inLayer.get(layer) ?? 0, row + 1));
  const spot = ({ layer, row }: Placed) => {
    const free = (placed.rows - inLayer.get(layer)!) * (box.height + gap.y);
    return { x: edge + layer * (box.width + gap.x), y: edge + free / 2 + row * (box.height + gap.y) };
  };
  const at = (name: string) => spot(placed.placed.get(name)!);
  const most = Math.max(...drawn.map((each) => each.rate), 1e-9);
  return (
    <svg className="service-map" width={width} height={height} role="group" aria-label={label ?? `Map of ${map.nodes.size} services and ${drawn.length} calls between them; the tables below hold the same figures`}>
      <defs>
        <marker id="map-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse" markerUnits="userSpaceOnUse">
          <path d="M0 0 8 4 0 8z" className="arrow" />
        </marker>
      </defs>
      <g aria-hidden="true">
        {drawn.map((each) => {
          const from = at(each.client);
          const to = at(each.server);
          const backward = isBack(each);
          // Where the line is, and where its figures stand: in the first gap, or below.
          let path: string;
          let words: { x: number; y: number };
          if (backward) {
            const [x1, x2, y1, y2] = [from.x + box.width / 2, to.x + box.width / 2, from.y + box.height, to.y + box.height];
            path = `M${x1} ${y1}C${x1} ${y1 + gap.y * 2} ${x2} ${y2 + gap.y * 2} ${x2} ${y2}`;
            words = { x: (x1 + x2) / 2, y: (y1 + y2) / 2 + gap.y };
          } else {
            let [x, y] = [from.x + box.width, from.y + box.height / 2];
            path = `M${x} ${y}`;
            const stops = [...(placed.ways.get(wayOf(each.client, each.server)) ?? []).map(spot), to];
            const first = stops[0]!;
            words = { x: (x + first.x) / 2, y: (y + first.y + box.height / 2) / 2 };
            stops.forEach((stop, index) => {
              const [nextX, nextY] = [stop.x, stop.y + box.height / 2];
              const bend = (nextX - x) / 2;
              path += `C${x + bend} ${y} ${nextX - bend} ${nextY} ${nextX} ${nextY}`;
              [x, y] = [nextX, nextY];
              if (index === stops.length - 1) return;
              x += box.width;
              path += `H${x}`;
            });
          }
          const failing = errors(each) >= manyErrors;
          return (
            <g key={`${each.client}\u0000${each.server}`} className={failing ? 'call failing' : 'call'}>
              <path d={path} strokeWidth={1 + 2.5 * Math.sqrt(each.rate / most)} markerEnd="url(#map-arrow)" strokeDasharray={failing ? '6 3' : undefined} />
              <text x={words.x} y={words.y - 6} textAnchor="middle">
                {quantity(each.rate)}/s{failing && ` · ${quantity(errors(each), 'ratio')} ✕`}
              </text>
              {each.p95 !== null && (
                <text x={words.x} y={words.y + 12} textAnchor="middle">
                  {quantity(each.p95, 'seconds')}
                </text>
              )}
            </g>
          );
        })}
      </g>
      {[...map.nodes].map(([name, figures]) => {
        const { x, y } = at(name);
        const failing = errors(figures) >= manyErrors;
        return (
          <Link key={name} href={linkOf(name)} className={failing ? 'service failing' : 'service'}>
            <rect x={x} y={y} width={box.width} height={box.height} rx={5}>
              <title>{`Traces of ${name}`}</title>
            </rect>
            <text x={x + 10} y={y + 22} className="name">
              {cut(name, 22)}
            </text>
            <text x={x + 10} y={y + 40}>
              {figures.rate > 0 ? `${quantity(figures.rate)}/s` : 'not called'}
              {figures.p95 !== null && ` · ${quantity(figures.p95, 'seconds')}`}
            </text>
            {figures.rate > 0 && (
              <text x={x + 10} y={y + 55} className={failing ? 'bad' : undefined}>
                {failing ? '✕ ' : ''}
                {quantity(errors(figures), 'ratio')} errors
              </text>
            )}
          </Link>
        );
      })}
    </svg>
  );
}
