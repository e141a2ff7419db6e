import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { labelNames, volume } from '../../api/loki';
import { quantity, sampleValue } from '../../format/quantity';
import { quoted } from '../../logs/edit';
import { Answered, Empty } from '../../parts/Answer';
import { nanoseconds } from './LogAnswers';

/** Labels that tell best whose lines they are, first. */
const telling = ['service_name', 'app', 'job', 'namespace', 'container', 'unit', 'filename'];

/** Where to begin: what writes how much, by a label of one's choice. */
export function LogStart({ range, end, onPick }: { range: number; end: number | null; onPick: (query: string) => void }) {
  const span = useMemo(() => nanoseconds({ range, end }), [range, end]);
  const key = [String(span.start), String(span.end)];
  const names = useQuery({ queryKey: ['logs', 'names', ...key], queryFn: ({ signal }) => labelNames(span.start, span.end, signal) });
  const [chosen, setChosen] = useState<string | null>(null);
  const sorted = [...(names.data ?? [])].sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  const name = chosen ?? sorted[0];
  const volumes = useQuery({
    queryKey: ['logs', 'volume', name, ...key],
    enabled: name !== undefined,
    queryFn: ({ signal }) => volume(`{${name}=~".+"}`, [name!], span.start, span.end, signal),
  });
  return (
    <section className="panel">
      <div className="body">
      <Answered query={names} lines={4}>
        {(known) =>
          known.length === 0 ? (
            <Empty title="No logs in this range">
              <p className="dim">
                Send them to <code>/loki/api/v1/push</code> with Fluent Bit, Promtail, Alloy or <code>logcli</code>, over OTLP, or let Phoenix read files: set <code>logs.config</code> in phoenix.yaml.
              </p>
            </Empty>
          ) : (
            <>
              <div className="row wrap" role="group" aria-label="Label">
                <span className="dim">Who wrote, by</span>
                {sorted.slice(0, 12).map((each) => (
                  <button key={each} type="button" className={`chip ${each === name ? 'on' : ''}`} aria-pressed={each === name} onClick={() => setChosen(each)}>
                    {each}
                  </button>
                ))}
              </div>
              <Answered query={volumes} lines={5}>
                {(list) => {
                  const most = Math.max(1, ...list.map((each) => sampleValue(each.value?.[1] ?? '0')));
                  return (
                    <ul className="volumes">
                      {list.map((each) => {
                        const value = each.metric[name!] ?? '';
                        const bytes = sampleValue(each.value?.[1] ?? '0');
                        return (
                          <li key={value}>
                            <button type="button" className="plain-button" onClick={() => onPick(`{${name}=${quoted(value)}}`)}>
                              <span className="volume-bar" style={{ width: `${(bytes / most) * 100}%` }} aria-hidden="true" />
                              <code>{value}</code>
                              <span className="dim num">{quantity(bytes, 'bytes')}</span>
                            </button>
                          </li>
                        );
                      })}
                    </ul>
                  );
                }}
              </Answered>
            </>
          )
        }
      </Answered>
      </div>
    </section>
  );
}

const place = (name: string) => {
  const at = telling.indexOf(name);
  return at < 0 ? telling.length : at;
};
