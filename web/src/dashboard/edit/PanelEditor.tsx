import { Button, SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react';
import { Icon } from '../../parts/Icon';
import type { JsonObject, Panel, Transformation } from '../model';
import type { ScopedVars } from '../panel';
import type { ShownPanel } from '../variables';
import type { PanelContext } from '../view/PanelHost';
import { PanelHost } from '../view/PanelHost';
import type { Draft } from './draft';
import './edit.css';
import { changePanel } from './operations';
import { OptionsPane } from './options/OptionsPane';
import { Queries } from './Queries';
import { Transformations } from './transformations/Transformations';

interface Props {
  shown: ShownPanel;
  /** As the draft has it now; what is shown follows a moment later. */
  panel: Panel;
  context: PanelContext;
  draft: Draft;
  /** Asks again. */
  onRun: () => void;
  onClose: () => void;
}

/** One panel with all that makes it, and how it looks meanwhile. */
export function PanelEditor({ shown, panel, context, draft, onRun, onClose }: Props) {
  const [tab, setTab] = useState<'queries' | 'transformations'>('queries');
  const { board } = context;
  const state = useSyncExternalStore(
    useCallback((listener: () => void) => board.watchPanel(shown.key, listener), [board, shown.key]),
    () => board.panelState(shown.key),
  );
  const { change } = draft;
  const onChange = useCallback((made: (panel: Panel) => Panel, about?: string) => change((dashboard) => changePanel(dashboard, panel.id, made), about), [change, panel.id]);
  const fields = [...new Set(state.frames.flatMap((frame) => frame.fields.map((field) => field.displayName ?? field.name)))];
  const variables = (draft.dashboard.templating?.list ?? []).map(({ name }) => name);
  const { interpolate, timeZone } = context;
  const { scoped } = shown;
  const transforming = useMemo(() => ({ interpolate: (text: string, more?: ScopedVars, format?: string) => interpolate(text, { ...scoped, ...more }, format), timeZone }), [interpolate, scoped, timeZone]);
  const transformations = panel.transformations ?? [];
  return (
    <div className="stack">
      <div className="edit-bar">
        <Button leftSection={<Icon name="left" size={13} />} onClick={onClose}>
          Back to the dashboard
        </Button>
        <Button variant="default" disabled={!draft.canUndo} onClick={draft.undo}>
          Undo
        </Button>
        <Button variant="default" disabled={!draft.canRedo} onClick={draft.redo}>
          Redo
        </Button>
        <span className="grow" />
        <span>Changes are kept in the draft until you save the dashboard.</span>
      </div>
      <div className="panel-editor">
        <div className="work">
          <div className="preview">
            <PanelHost shown={shown} context={context} eager />
          </div>
          {panel.targets !== undefined && (
            <>
              <SegmentedControl
                aria-label="What makes the panel"
                style={{ alignSelf: 'flex-start' }}
                value={tab}
                onChange={(next) => setTab(next as typeof tab)}
                data={[
                  { value: 'queries', label: `Queries (${panel.targets.length})` },
                  { value: 'transformations', label: `Transformations (${transformations.length})` },
                ]}
              />
              {tab === 'queries' ? (
                <Queries panel={panel} onChange={onChange} onRun={onRun} />
              ) : (
                <Transformations
                  value={transformations}
                  given={state.given}
                  context={transforming}
                  onChange={(next, about) => onChange((before) => ({ ...before, transformations: next as (Transformation & JsonObject)[] }), about && `${panel.id}/transformations/${about}`)}
                />
              )}
            </>
          )}
        </div>
        <div className="options" role="group" aria-label="Options of the panel">
          <OptionsPane panel={panel} variables={variables} fields={fields} onChange={onChange} />
        </div>
      </div>
    </div>
  );
}
