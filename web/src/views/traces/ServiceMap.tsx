import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { QueryData } from '../../api/prometheus';
import { queryInstant } from '../../api/prometheus';
import { formatDuration } from '../../format/duration';
import { quantity, sampleValue } from '../../format/quantity';
import { Answered, Empty } from '../../parts/Answer';
import { Scroll } from '../../parts/Scroll';
import type { Figures, MapAnswers, ServiceMap as Map } from '../../traces/service-map';
import { busiest, mapQueries, serviceMap } from '../../traces/service-map';
import { emptyForm, writeForm } from '../../traces/query';
import { readTraces, tracesLink, writeTraces } from '../../url/traces';
import { TimeRange } from '../TimeRange';
import '../Explore.css';
import { MapDrawing } from './MapDrawing';
import './Traces.css';
import { TracesHead } from './TraceTabs';

/** Services that are drawn, the busiest first. */
const mostDrawn = 120;

const samples = (data: QueryData) => (data.resultType === 'vector' ? data.result.flatMap(({ metric, value }) => (value ? [{ metric, value: sampleValue(value[1]) }] : [])) : []);

/** Who calls whom, how often, with how many errors and how slowly; from the figures that spans give as they arrive. */
export default function ServiceMap() {
  const [params, setParams] = useSearchParams();
  const state = useMemo(() => readTraces(params), [params]);
  const { range, end } = state;
  const answer = useQuery({
    queryKey: ['traces', 'map', range, end],
    queryFn: async ({ signal }) => {
      const queries = Object.entries(mapQueries(formatDuration(range)));
      const answers = await Promise.all(queries.map(async ([name, query]) => [name, samples((await queryInstant(query, 'promql', end, signal)).data)] as const));
      return serviceMap(Object.fromEntries(answers) as unknown as MapAnswers);
    },
    staleTime: 15_000,
    refetchInterval: end === null ? 30_000 : false,
    retry: false,
  });
  return (
    <>
      <TracesHead here="map" />
      <div className="stack">
        <div className="explore-bar">
          <TimeRange range={range} end={end} instant={false} onChange={(next) => setParams((before) => writeTraces({ ...readTraces(before), ...next }))} />
        </div>
        <Answered query={answer} lines={8}>
          {(map) =>
            map.nodes.size === 0 ? (
              <section className="panel">
                <Empty title="No calls in this range">
                  <p>
                    The map comes from the metrics <code>traces_service_graph_request_total</code> and <code>traces_spanmetrics_calls_total</code>, which Phoenix makes of spans as they arrive. Spans of kind client and server with the same trace make a call between two services.
                  </p>
                  <p>
                    <Link href="/traces">Are there traces?</Link>
                  </p>
                </Empty>
              </section>
            ) : (
              <MapAndTables map={map} range={range} end={end} />
            )
          }
        </Answered>
      </div>
    </>
  );
}

const rate = (value: number) => `${quantity(value)}/s`;
const share = ({ rate: all, failed }: Figures) => (all > 0 ? failed / all : 0);
const p95 = (value: number | null) => (value === null ? '–' : quantity(value, 'seconds'));

function MapAndTables({ map, range, end }: { map: Map; range: number; end: number | null }) {
  const { map: drawn, left } = useMemo(() => busiest(map, mostDrawn), [map]);
  const services = [...map.nodes].sort((a, b) => b[1].rate - a[1].rate || a[0].localeCompare(b[0]));
  const link = (service: string) => tracesLink(writeForm({ ...emptyForm, service }), { range, end });
  return (
    <>
      <section className="panel" aria-label="Map">
        <Scroll label="Map of services">
          <MapDrawing map={drawn} linkOf={link} />
        </Scroll>
        {left > 0 && (
          <p className="dim body">
            The {mostDrawn} busiest services are drawn; the tables hold all {map.nodes.size}.
          </p>
        )}
      </section>
      <div className="map-tables">
        <section className="panel" aria-label="Services">
          <header>
            <h2>Services</h2>
          </header>
          <Scroll label="Services">
            <table className="grid">
              <thead>
                <tr>
                  <th>Service</th>
                  <th className="num">Rate</th>
                  <th className="num">Errors</th>
                  <th className="num">95 % within</th>
                </tr>
              </thead>
              <tbody>
                {services.map(([name, figures]) => (
                  <tr key={name}>
                    <td>
                      <Link href={link(name)}>{name}</Link>
                    </td>
                    <td className="num nowrap">{figures.rate > 0 ? rate(figures.rate) : '–'}</td>
                    <td className="num nowrap">{figures.rate > 0 ? quantity(share(figures), 'ratio') : '–'}</td>
                    <td className="num nowrap">{p95(figures.p95)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </section>
        <section className="panel" aria-label="Calls">
          <header>
            <h2>Calls</h2>
          </header>
          <Scroll label="Calls">
            <table className="grid">
              <thead>
                <tr>
                  <th>From</th>
                  <th>To</th>
                  <th className="num">Rate</th>
                  <th className="num">Errors</th>
                  <th className="num">95 % within</th>
                </tr>
              </thead>
              <tbody>
                {map.edges.map((edge) => (
                  <tr key={`${edge.client}\u0000${edge.server}\u0000${edge.connection}`}>
                    <td>{edge.client}</td>
                    <td>
                      {edge.server} {edge.connection && <span className="dim">({edge.connection.replaceAll('_', ' ')})</span>}
                    </td>
                    <td className="num nowrap">{rate(edge.rate)}</td>
                    <td className="num nowrap">{quantity(share(edge), 'ratio')}</td>
                    <td className="num nowrap">{p95(edge.p95)}</td>
                  </tr>
                ))}
                {map.edges.length === 0 && (
                  <tr>
                    <td colSpan={5} className="dim">
                      No service was seen calling another.
                    </td>
                  </tr>
                )}
              </tbody>
            </table>
          </Scroll>
        </section>
      </div>
    </>
  );
}
