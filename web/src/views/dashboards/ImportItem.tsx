import { ActionIcon, Select, TextInput } from '@mantine/core';
import { Link } from 'wouter';
import type { DashboardInput, LoadedDashboard, ReadDashboard } from '../../api/dashboards';
import { dashboardPath } from '../../api/dashboards';
import { Failure, Loading } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import { Findings } from './Findings';

/** One file on its way: `read` is looked over, `refused` is no dashboard. */
export interface Item {
  id: number;
  /** The file's. */
  name: string;
  state: 'reading' | 'refused' | 'read' | 'saving' | 'saved';
  title: string;
  inputs: Record<string, string>;
  read?: ReadDashboard;
  saved?: LoadedDashboard;
  error?: unknown;
}

/** Phoenix' own data sources, by the type of Grafana's plugin that they answer for. */
const sources: Record<string, string> = { prometheus: 'Prometheus (metrics)', loki: 'Loki (logs)', tempo: 'Tempo (traces)' };

/** What inputs are given before anything is chosen. */
export const defaultInputs = (inputs: readonly DashboardInput[]) =>
  Object.fromEntries(inputs.flatMap(({ name, type, pluginId, value }) => (type === 'datasource' ? (pluginId && sources[pluginId] ? [[name, pluginId]] : []) : [[name, value ?? '']])));

export const isReady = ({ state, title }: Item) => state === 'read' && title.trim() !== '';

export function ImportItem({ item, change, remove }: { item: Item; change: (next: Partial<Item>) => void; remove: () => void }) {
  const { read, state } = item;
  const findings = read?.report ?? [];
  const grave = findings.filter(({ severity }) => severity !== 'info').length;
  const panels = read?.dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter(({ type }) => type !== 'row').length ?? 0;
  return (
    <section className="panel" aria-label={item.title || item.name}>
      <header>
        <h2>{item.title || item.name}</h2>
        <span className="dim">{item.title ? item.name : ''}</span>
        <span className="grow" />
        {state === 'saved' && item.saved && (
          <span className="state tone-good">
            <Icon name="check" size={14} />
            Imported: <Link href={dashboardPath(item.saved.meta.uid, item.saved.dashboard.title)}>open it</Link>
          </span>
        )}
        {state !== 'saving' && (
          <ActionIcon aria-label={`Take ${item.name} from the list`} title="Take from the list" onClick={remove}>
            <Icon name="close" size={13} />
          </ActionIcon>
        )}
      </header>
      {state !== 'saved' && (
        <div className="body stack">
          {item.error !== undefined && <Failure title={state === 'refused' ? 'This cannot be read' : 'This was not imported'} error={item.error} />}
          {(state === 'reading' || state === 'saving') && <Loading lines={2} />}
          {read && state !== 'saving' && (
            <>
              <div className="import-fields">
                <TextInput label="Title" value={item.title} onChange={(event) => change({ title: event.currentTarget.value })} error={item.title.trim() === '' ? 'A title is needed' : undefined} />
                {read.inputs.map((input) => (
                  <Input key={input.name} input={input} value={item.inputs[input.name] ?? ''} onChange={(value) => change({ inputs: { ...item.inputs, [input.name]: value } })} />
                ))}
              </div>
              <details open={grave > 0 && grave <= 6}>
                <summary className="row" style={{ cursor: 'pointer' }}>
                  <span className="turn">
                    <Icon name="right" size={13} />
                  </span>
                  <span>
                    {panels === 1 ? '1 panel' : `${panels} panels`}
                    {findings.length === 0 ? ', all shown as they are meant' : `, ${grave === 1 ? '1 thing' : `${grave} things`} not shown or shown otherwise`}
                  </span>
                </summary>
                {findings.length > 0 && (
                  <div style={{ paddingTop: '0.5rem' }}>
                    <Findings findings={findings} />
                  </div>
                )}
              </details>
            </>
          )}
        </div>
      )}
    </section>
  );
}

function Input({ input, value, onChange }: { input: DashboardInput; value: string; onChange: (value: string) => void }) {
  const label = input.label || input.name;
  if (input.type !== 'datasource') return <TextInput label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
  const known = input.pluginId ? sources[input.pluginId] : undefined;
  return (
    <Select
      label={label}
      data={Object.entries(sources).map(([uid, name]) => ({ value: uid, label: name }))}
      value={value || null}
      onChange={(next) => onChange(next ?? '')}
      placeholder="None"
      allowDeselect
      description={known ? undefined : `Phoenix has no data source of the type ${input.pluginId ?? 'that is asked for'}`}
    />
  );
}
