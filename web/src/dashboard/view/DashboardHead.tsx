import { ActionIcon, Button, Menu, Switch } from '@mantine/core';
import { Suspense, useCallback, useMemo } from 'react';
import { Link } from 'wouter';
import { exportPath } from '../../api/dashboards';
import { Failure, Loading } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import { PageHead } from '../../parts/PageHead';
import type { AnnotationChoice } from '../annotations';
import { annotationQueries } from '../annotations';
import { EditBar } from '../edit/lazy';
import type { Editing } from '../edit/use-editing';
import type { ScopedVars } from '../panel';
import type { Calendar } from '../time';
import { isRelative, refreshIntervals } from '../time';
import type { LoadedVariables } from '../variables';
import type { Board } from './board';
import { BoardPart, spanOf, wholeOf } from './board-parts';
import { DashboardLinks } from './DashboardLinks';
import { RefreshControl } from './RefreshControl';
import { ShareLink } from './ShareLink';
import { TimePicker } from './TimePicker';
import type { Address } from './use-address';
import { VariablesBar } from './VariablesBar';

interface Props {
  editing: Editing;
  address: Address;
  board: Pick<Board, 'watch' | 'snapshot' | 'refresh'>;
  variables: LoadedVariables;
  isReady: boolean;
  zone: string;
  calendar: Calendar;
  /** How many things are not as meant. */
  found: number;
  /** Why nothing has been shown at all. */
  error: string | null;
  interpolate: (text: string, scoped?: ScopedVars, format?: string) => string;
  params: Parameters<typeof DashboardLinks>[0]['params'];
  shareAddress: (fixed: boolean, viewPanel?: string | null) => string;
  onPrint: () => void;
}

/** What stands above the panels: title, time, refresh, what can be done, variables and links. */
export function DashboardHead({ editing, address, board, variables, isReady, zone, calendar, found: count, error, interpolate, params, shareAddress, onPrint }: Props) {
  const { draft, isEditing, shown: dashboard } = editing;
  const { meta } = editing.loaded;
  const { url, raw, zoneSetting, change, setRange, choose, marked: annotationsOn, setSwitches } = address;
  const spanNow = useCallback(() => board.snapshot().span, [board]);
  const refresh = useCallback(() => board.refresh(), [board]);
  const offeredIntervals = dashboard.timepicker?.refresh_intervals ?? refreshIntervals;
  const marks = useMemo(() => annotationQueries(dashboard).filter(({ isHidden }) => !isHidden), [dashboard]);
  const isOwn = ({ query }: AnnotationChoice) => !(dashboard.annotations?.list ?? []).includes(query);
  const toggle = (name: string, on: boolean) => setSwitches('mark-', { [name]: marks.find((each) => each.name === name)?.isOn === on ? null : on });
  const hasBar = (dashboard.templating?.list ?? []).some((each) => each.hide !== 2 && each.type !== 'constant') || marks.some((each) => !isOwn(each)) || (dashboard.links ?? []).length > 0;

  return (
    <div className="dash-head">
      <PageHead
        title={dashboard.title}
        beside={
          <span className="row wrap dash-facts">
            {meta.folder && <span className="dim">{meta.folder.title}</span>}
            <span className="tags">
              {(dashboard.tags ?? []).map((tag) => (
                <Link key={tag} href={`/dashboards?tag=${encodeURIComponent(tag)}`} className="tag">
                  {tag}
                </Link>
              ))}
            </span>
            {meta.source === 'file' && (
              <span className="dim provisioned" title={`Provisioned from ${meta.file ?? 'a file'}: it changes when the file does`}>
                <Icon name="note" size={13} />
                {meta.file}
              </span>
            )}
          </span>
        }
      >
        {count > 0 && (
          <Button variant="default" className="tone-warn" leftSection={<Icon name="warning" size={13} />} onClick={() => change({ report: true })}>
            {count === 1 ? '1 thing not as meant' : `${count} things not as meant`}
          </Button>
        )}
        {dashboard.timepicker?.hidden !== true && (
          <BoardPart board={board} pick={spanOf}>
            {(span) => <TimePicker raw={raw} span={span} zoneSetting={zoneSetting} zone={zone} calendar={calendar} now={Date.now} onRange={setRange} onZone={(timezone) => change({ timezone })} />}
          </BoardPart>
        )}
        <BoardPart board={board} pick={wholeOf}>
          {({ busy, at, error: failure }) => <RefreshControl interval={address.refresh} choices={offeredIntervals} busy={busy} at={at} error={failure} onRefresh={refresh} onInterval={(interval) => change({ refresh: interval })} />}
        </BoardPart>
        <ShareLink address={shareAddress} relative={isRelative(raw.from) || isRelative(raw.to)} />
        {!isEditing && (
          <Button variant="default" leftSection={<Icon name="edit" size={13} />} onClick={editing.begin}>
            Edit
          </Button>
        )}
        <Menu position="bottom-end" shadow="md">
          <Menu.Target>
            <ActionIcon variant="default" size={30} aria-label="More">
              <Icon name="menuDots" />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {marks.filter(isOwn).map(({ name, isOn }) => {
              const on = annotationsOn[name] ?? isOn;
              return (
                <Menu.Item key={name} role="menuitemcheckbox" aria-checked={on} leftSection={<Icon name={on ? 'check' : 'circle'} size={13} />} closeMenuOnClick={false} onClick={() => toggle(name, !on)}>
                  Mark {name.toLowerCase()} in charts
                </Menu.Item>
              );
            })}
            <Menu.Item leftSection={<Icon name="full" size={13} />} onClick={() => change({ kiosk: true })} rightSection={<kbd>d k</kbd>}>
              Kiosk mode
            </Menu.Item>
            <Menu.Item leftSection={<Icon name="clock" size={13} />} onClick={() => editing.open('versions')}>
              Versions
            </Menu.Item>
            <Menu.Item component="a" href={exportPath(meta.uid)} download leftSection={<Icon name="download" size={13} />}>
              Export as JSON
            </Menu.Item>
            <Menu.Item leftSection={<Icon name="copy" size={13} />} onClick={onPrint}>
              Print
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </PageHead>
      {isEditing && url.editPanel === null && (
        <Suspense fallback={<Loading lines={1} />}>
          <EditBar draft={draft} onPanel={(id) => change({ editPanel: String(id) })} onSettings={() => editing.open('settings')} onSave={() => editing.open('save')} onLeave={() => (draft.isChanged ? editing.open('discard') : editing.leave())} />
        </Suspense>
      )}
      {hasBar && (
        <div className="dash-bar" role="group" aria-label="Variables">
          <VariablesBar dashboard={dashboard} variables={variables} loading={!isReady} span={spanNow} zone={zone} onChoose={choose} />
          {marks
            .filter((each) => !isOwn(each))
            .map(({ name, isOn }) => (
              <Switch key={name} label={name} checked={annotationsOn[name] ?? isOn} onChange={(event) => toggle(name, event.currentTarget.checked)} />
            ))}
          <span className="grow" />
          <BoardPart board={board} pick={spanOf}>
            {() => <DashboardLinks links={dashboard.links ?? []} uid={meta.uid} interpolate={interpolate} params={params} />}
          </BoardPart>
        </div>
      )}
      {error !== null && <Failure error={error} retry={refresh} />}
    </div>
  );
}
