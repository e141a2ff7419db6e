import { ActionIcon, Popover } from '@mantine/core';
import { useState } from 'react';
import { Diagnostics } from '../../parts/Diagnostics';
import { Icon } from '../../parts/Icon';
import type { PanelState } from './panel-state';

/** The corner of a panel that tells what went wrong: failed queries, things not shown as they were meant, warnings. */
export function PanelErrors({ state, name }: { state: PanelState; name: string }) {
  const [opened, setOpened] = useState(false);
  const failed = state.queries.filter(({ error }) => error !== undefined);
  const notes = [...new Set([...state.problems, ...state.queries.flatMap(({ warnings }) => warnings)])];
  if (failed.length === 0 && notes.length === 0) return null;
  const grave = failed.length > 0;
  const label = grave ? `${name}: ${failed.length === 1 ? 'a query failed' : `${failed.length} queries failed`}` : `${name}: ${notes.length === 1 ? 'a remark' : `${notes.length} remarks`}`;
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={380} shadow="md" withinPortal>
      <Popover.Target>
        <ActionIcon size={24} className={grave ? 'tone-bad corner' : 'tone-warn corner'} aria-label={label} aria-expanded={opened} title={grave ? failed[0]!.error!.message : notes[0]} onClick={() => setOpened(!opened)}>
          <Icon name={grave ? 'cross' : 'warning'} size={14} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack tight panel-errors">
          {failed.map((query, index) => (
            <div key={index} className="stack tight">
              <div>
                <strong className="tone-bad">{query.refId}: </strong>
                {query.error!.message}
              </div>
              <pre className="code">{query.query}</pre>
              {query.error!.diagnostics && query.error!.diagnostics.length > 0 && <Diagnostics list={query.error!.diagnostics} />}
            </div>
          ))}
          {notes.map((text) => (
            <div key={text} className="row top">
              <span className="tone-warn">
                <Icon name="warning" size={13} />
              </span>
              <span>{text}</span>
            </div>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
