import { ActionIcon, Button, Checkbox, Drawer, NativeSelect, SegmentedControl, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../parts/Icon';
import type { AnnotationQuery, Dashboard, DashboardLink } from '../model';
import { allPanels } from './operations';
import type { Draft } from './draft';
import './edit.css';
import { JsonField } from './JsonField';
import './options/options.css';
import { VariablesEditor } from './VariablesEditor';

type Tab = 'general' | 'variables' | 'annotations' | 'links' | 'json';

/** What must hold of a dashboard's JSON so that it can be shown. */
export function wrongDashboard(value: Record<string, unknown>, uid: string): string | null {
  if (typeof value.title !== 'string' || value.title.trim() === '') return '"title" is missing';
  if (value.uid !== uid) return `"uid" must stay ${JSON.stringify(uid)}`;
  if (!Array.isArray(value.panels)) return '"panels" must be a list';
  const ids = new Set<number>();
  for (const panel of allPanels(value.panels as Dashboard['panels'])) {
    if (typeof panel !== 'object' || panel === null || typeof panel.type !== 'string') return 'Each panel needs a "type"';
    if (!Number.isInteger(panel.id)) return `The panel ${JSON.stringify(panel.title ?? panel.type)} needs an "id"`;
    if (ids.has(panel.id)) return `Two panels have the id ${panel.id}`;
    ids.add(panel.id);
    if (typeof panel.gridPos !== 'object' || panel.gridPos === null) return `Panel ${panel.id} needs a "gridPos"`;
  }
  return null;
}

/** What a dashboard has besides its panels. */
export function Settings({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const [tab, setTab] = useState<Tab>('general');
  const { dashboard, change } = draft;
  const set = (part: Partial<Dashboard>, about: string) => change((before) => ({ ...before, ...part }) as Dashboard, `settings/${about}`);
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title="Settings of the dashboard">
      <div className="stack">
        <SegmentedControl
          aria-label="Settings"
          value={tab}
          onChange={(next) => setTab(next as Tab)}
          data={[
            { value: 'general', label: 'General' },
            { value: 'variables', label: 'Variables' },
            { value: 'annotations', label: 'Annotations' },
            { value: 'links', label: 'Links' },
            { value: 'json', label: 'JSON' },
          ]}
        />
        {tab === 'general' && <General dashboard={dashboard} set={set} />}
        {tab === 'variables' && <VariablesEditor value={dashboard.templating?.list ?? []} onChange={(list, about) => set({ templating: { ...dashboard.templating, list } }, `variables/${about}`)} />}
        {tab === 'annotations' && <Annotations value={dashboard.annotations?.list ?? []} onChange={(list, about) => set({ annotations: { ...dashboard.annotations, list } }, `annotations/${about}`)} />}
        {tab === 'links' && <Links value={dashboard.links ?? []} onChange={(links, about) => set({ links }, `links/${about}`)} />}
        {tab === 'json' && <JsonField label="The dashboard as it is kept" value={dashboard} check={(value) => wrongDashboard(value, dashboard.uid)} onChange={(value) => change(() => value as Dashboard, 'settings/json')} minRows={12} maxRows={40} />}
      </div>
    </Drawer>
  );
}

function General({ dashboard, set }: { dashboard: Dashboard; set: (part: Partial<Dashboard>, about: string) => void }) {
  const { time = { from: 'now-6h', to: 'now' } } = dashboard;
  return (
    <div className="stack tight">
      <TextInput label="Title" required value={dashboard.title} error={dashboard.title.trim() === '' ? 'A dashboard needs a title' : undefined} onChange={(event) => set({ title: event.currentTarget.value }, 'title')} />
      <Textarea label="Description" autosize minRows={2} value={dashboard.description ?? ''} onChange={(event) => set({ description: event.currentTarget.value || undefined }, 'description')} />
      <TagsInput size="xs" label="Tags" value={dashboard.tags ?? []} onChange={(tags) => set({ tags }, 'tags')} />
      <div className="option-row">
        <TextInput label="From" value={time.from} onChange={(event) => set({ time: { ...time, from: event.currentTarget.value } }, 'from')} />
        <TextInput label="To" value={time.to} onChange={(event) => set({ time: { ...time, to: event.currentTarget.value } }, 'to')} />
      </div>
      <TextInput label="Refresh" placeholder="off, or such as 30s" value={typeof dashboard.refresh === 'string' ? dashboard.refresh : ''} onChange={(event) => set({ refresh: event.currentTarget.value }, 'refresh')} />
      <TextInput label="Time zone" placeholder="browser, utc, or such as Europe/Berlin" value={dashboard.timezone ?? ''} onChange={(event) => set({ timezone: event.currentTarget.value }, 'timezone')} />
      <NativeSelect
        label="Pointing at a chart shows in the others"
        data={[
          { value: '0', label: 'Nothing' },
          { value: '1', label: 'The same moment' },
          { value: '2', label: 'The same moment and its values' },
        ]}
        value={String(dashboard.graphTooltip ?? 0)}
        onChange={(event) => set({ graphTooltip: Number(event.currentTarget.value) }, 'tooltip')}
      />
    </div>
  );
}

function Annotations({ value, onChange }: { value: AnnotationQuery[]; onChange: (next: AnnotationQuery[], about: string) => void }) {
  const put = (index: number, part: Partial<AnnotationQuery>, about: string) => onChange(value.map((each, at) => (at === index ? ({ ...each, ...part } as AnnotationQuery) : each)), `${index}/${about}`);
  return (
    <div className="stack">
      {value.map((query, index) => {
        const type = query.datasource?.type ?? (query.builtIn ? 'grafana' : 'prometheus');
        return (
          <section key={index} className="override" aria-label={`Annotation ${query.name}`}>
            <div className="option-row">
              <TextInput label="Name" value={query.name} onChange={(event) => put(index, { name: event.currentTarget.value }, 'name')} />
              <NativeSelect
                label="From"
                data={[
                  { value: 'prometheus', label: 'Metrics' },
                  { value: 'loki', label: 'Logs' },
                  { value: 'grafana', label: 'Events' },
                  { value: 'phoenix', label: 'Alerts and incidents' },
                  ...(['prometheus', 'loki', 'grafana', 'phoenix'].includes(type) ? [] : [{ value: type, label: `${type} (not shown)` }]),
                ]}
                value={type}
                onChange={(event) => put(index, { datasource: { type: event.currentTarget.value, uid: event.currentTarget.value === 'grafana' ? '-- Grafana --' : event.currentTarget.value } }, 'source')}
              />
              <ActionIcon aria-label={`Remove ${query.name}`} onClick={() => onChange(value.filter((_, at) => at !== index), 'remove')}>
                <Icon name="close" size={13} />
              </ActionIcon>
            </div>
            {(type === 'prometheus' || type === 'loki') && (
              <>
                <TextInput label="Query" value={query.expr ?? ''} onChange={(event) => put(index, { expr: event.currentTarget.value }, 'expr')} />
                <TextInput label="Title" placeholder="{{alertname}}" value={query.titleFormat ?? ''} onChange={(event) => put(index, { titleFormat: event.currentTarget.value || undefined }, 'title')} />
                <TextInput label="Tags, labels with commas between them" value={query.tagKeys ?? ''} onChange={(event) => put(index, { tagKeys: event.currentTarget.value || undefined }, 'tags')} />
              </>
            )}
            <Checkbox label="On when the dashboard is opened" checked={query.enable !== false} onChange={(event) => put(index, { enable: event.currentTarget.checked }, 'enable')} />
          </section>
        );
      })}
      <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }} onClick={() => onChange([...value, { name: 'New annotation', enable: true, iconColor: 'red', datasource: { type: 'prometheus', uid: 'prometheus' }, expr: '' }], 'add')}>
        Annotation
      </Button>
    </div>
  );
}

function Links({ value, onChange }: { value: DashboardLink[]; onChange: (next: DashboardLink[], about: string) => void }) {
  const put = (index: number, part: Partial<DashboardLink>, about: string) => onChange(value.map((each, at) => (at === index ? ({ ...each, ...part } as DashboardLink) : each)), `${index}/${about}`);
  return (
    <div className="stack">
      {value.map((link, index) => (
        <section key={index} className="override" aria-label={`Link ${link.title}`}>
          <div className="option-row">
            <TextInput label="Title" value={link.title} onChange={(event) => put(index, { title: event.currentTarget.value }, 'title')} />
            <NativeSelect label="To" data={[{ value: 'link', label: 'An address' }, { value: 'dashboards', label: 'Dashboards by tag' }]} value={link.type} onChange={(event) => put(index, { type: event.currentTarget.value as DashboardLink['type'] }, 'type')} />
            <ActionIcon aria-label={`Remove ${link.title}`} onClick={() => onChange(value.filter((_, at) => at !== index), 'remove')}>
              <Icon name="close" size={13} />
            </ActionIcon>
          </div>
          {link.type === 'link' ? <TextInput label="Address" value={link.url ?? ''} onChange={(event) => put(index, { url: event.currentTarget.value }, 'url')} /> : <TagsInput size="xs" label="Tags" value={link.tags ?? []} onChange={(tags) => put(index, { tags }, 'tags')} />}
          <Checkbox label="With the range of time" checked={link.keepTime === true} onChange={(event) => put(index, { keepTime: event.currentTarget.checked }, 'time')} />
          <Checkbox label="With the variables" checked={link.includeVars === true} onChange={(event) => put(index, { includeVars: event.currentTarget.checked }, 'vars')} />
          <Checkbox label="In a new tab" checked={link.targetBlank === true} onChange={(event) => put(index, { targetBlank: event.currentTarget.checked }, 'blank')} />
        </section>
      ))}
      <Button variant="default" leftSection={<Icon name="plus" size={13} />} style={{ alignSelf: 'flex-start' }} onClick={() => onChange([...value, { title: 'New link', type: 'link', url: '' }], 'add')}>
        Link
      </Button>
    </div>
  );
}
