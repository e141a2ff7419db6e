import { Button, useComputedColorScheme } from '@mantine/core';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { LoadedDashboard } from '../../api/dashboards';
import { onTopic } from '../../api/live';
import { Empty, Loading } from '../../parts/Answer';
import { Icon } from '../../parts/Icon';
import { useRecent } from '../../views/dashboards/recent';
import { EditDialogs, EditedPanel, MovablePanel, PanelItems, RowMenu } from '../edit/lazy';
import { useEditing } from '../edit/use-editing';
import type { DashboardLink } from '../model';
import type { ScopedVars } from '../panel';
import type { Section, ShownPanel } from '../variables';
import { interpolate as fillIn, withBuiltins, writeFilter, writeVariables } from '../variables';
import type { PanelSource } from './board';
import { Board } from './board';
import { BoardPart, spanOf, useBoardPart } from './board-parts';
import './Dashboard.css';
import { DashboardHead } from './DashboardHead';
import { expectedInSight } from './expected';
import { exploreLinks } from './explore-links';
import { Grid } from './Grid';
import type { InspectTab } from './inspect-tabs';
import { isInspectTab } from './inspect-tabs';
import type { PanelContext } from './PanelHost';
import { PanelHost, preloadKinds } from './PanelHost';
import { PanelMenu } from './PanelMenu';
import { graveCount } from './report';
import { boardSource } from './source';
import { changeSwitches } from './url';
import { useAddress } from './use-address';
import { useAutoRefresh } from './use-auto-refresh';
import { useDashboardShortcuts } from './use-dashboard-shortcuts';

const Print = lazy(() => import('./Print'));
const Inspect = lazy(() => import('./Inspect'));
const ReportDrawer = lazy(() => import('./ReportDrawer'));

/** A dashboard with its variables, its time range and its panels. */
export function DashboardView({ loaded: given }: { loaded: LoadedDashboard }) {
  const editing = useEditing(given);
  const { draft, isEditing } = editing;
  const { meta, report } = editing.loaded;
  const dashboard = editing.shown;
  const address = useAddress(dashboard);
  const { url, raw, zoneSetting, chosen, change, setSpan, choose, folded, marked: annotationsOn, setSwitches } = address;
  const isDark = useComputedColorScheme() === 'dark';
  const [isPrinting, setPrinting] = useState(false);
  const [, remember] = useRecent();

  const input = useMemo(() => ({ raw, zoneSetting, chosen, isDark, annotationsOn }), [raw, zoneSetting, chosen, isDark, annotationsOn]);
  const [board] = useState(
    () =>
      new Board(dashboard, boardSource, input, (sections) => {
        const head = document.querySelector('.dash-head')?.getBoundingClientRect();
        // One panel alone tells by itself when it is there.
        if (!head || url.viewPanel !== null || url.editPanel !== null) return new Map();
        const { bottom, width } = head;
        const isNarrow = matchMedia('(max-width: 48rem)').matches;
        return expectedInSight(sections, { top: bottom, width, height: innerHeight, isNarrow }, (section) => folded[section.key] ?? section.isCollapsed);
      }),
  );
  // What changes with each refresh is drawn by itself: see `BoardPart` below.
  const variables = useBoardPart(board, (state) => state.variables);
  const zone = useBoardPart(board, (state) => state.zone);
  const sections = useBoardPart(board, (state) => state.sections);
  const isReady = useBoardPart(board, (state) => state.isReady);
  const annotationProblems = useBoardPart(board, (state) => state.annotationProblems);
  /** Why nothing has been shown at all. */
  const error = useBoardPart(board, (state) => (state.at === null ? state.error : null));
  useEffect(() => {
    board.start();
    return () => board.stop();
  }, [board]);
  useEffect(() => preloadKinds(dashboard), [dashboard]);
  useEffect(() => onTopic('annotations', board.refreshAnnotations), [board]);
  useEffect(() => board.set(input), [board, input]);
  useEffect(() => board.setDashboard(dashboard), [board, dashboard]);
  useEffect(() => {
    remember(meta.uid);
    // Once for each dashboard; remembering changes what is remembered.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [meta.uid]);

  const refresh = useCallback(() => board.refresh(), [board]);
  useAutoRefresh(address.refresh, refresh);

  const interpolate = useCallback(
    (text: string, scoped?: ScopedVars, format?: string) => {
      const { span, raw: written, zone: timeZone } = board.snapshot();
      return fillIn(text, withBuiltins(variables.state, { dashboard, span, raw: written, timeZone }), scoped, format);
    },
    [board, dashboard, variables],
  );

  /** The time range and the variables, as links carry them on. */
  const params = useCallback(
    ({ keepTime, includeVars }: Pick<DashboardLink, 'keepTime' | 'includeVars'>) => {
      const next = includeVars ? writeVariables(variables.state) : new URLSearchParams();
      if (keepTime) {
        next.set('from', raw.from);
        next.set('to', raw.to);
      }
      return next;
    },
    [variables, raw],
  );
  const shareAddress = useCallback(
    (fixed: boolean, viewPanel: string | null = url.viewPanel) => {
      const next = writeVariables(variables.state);
      const { span } = board.snapshot();
      next.set('from', fixed ? String(span.from) : raw.from);
      next.set('to', fixed ? String(span.to) : raw.to);
      next.set('timezone', zoneSetting);
      if (viewPanel) next.set('viewPanel', viewPanel);
      return `${location.origin}${location.pathname}?${changeSwitches(changeSwitches(next, 'fold-', folded), 'mark-', annotationsOn)}`;
    },
    [board, variables, raw, zoneSetting, url.viewPanel, folded, annotationsOn],
  );

  const adhoc = (dashboard.templating?.list ?? []).find(({ type }) => type === 'adhoc');
  const adhocName = adhoc?.name;
  const onFilter = useMemo(() => {
    if (!adhocName) return undefined;
    return (key: string, operator: '=' | '!=', value: string) => {
      const before = board.snapshot().variables.state[adhocName]?.filters ?? [];
      const filter = { key, operator, value };
      const next = [...before.filter((each) => writeFilter(each) !== writeFilter(filter)), filter];
      choose(adhocName, next.map(writeFilter));
    };
  }, [adhocName, board, choose]);

  const all = useMemo(() => sections.flatMap(({ panels }) => panels), [sections]);
  const find = useCallback((key: string | null) => (key === null ? undefined : (all.find((each) => each.key === key) ?? all.find(({ panel }) => String(panel.id) === key))), [all]);
  const viewed = find(url.viewPanel);
  const inspected = find(url.inspect);

  const menu = useCallback(
    (shown: ShownPanel, title: string) => (
      <PanelMenu
        title={title}
        panelKey={shown.key}
        viewed={viewed?.key === shown.key}
        explore={() => {
          const { queries, range } = board.panelState(shown.key);
          return exploreLinks(queries, range, raw.to === 'now' && !shown.panel.timeShift);
        }}
        share={() => shareAddress(false, shown.key)}
        onEdit={
          shown.isCopy
            ? undefined
            : () => {
                editing.begin();
                change({ editPanel: String(shown.panel.id), viewPanel: null });
              }
        }
        more={
          isEditing &&
          !shown.isCopy && (
            <Suspense fallback={null}>
              <PanelItems id={shown.panel.id} draft={draft} />
            </Suspense>
          )
        }
        onView={() => change({ viewPanel: viewed?.key === shown.key ? null : shown.key })}
        onInspect={() => change({ inspect: shown.key, inspectTab: 'data' })}
      />
    ),
    [board, change, draft, editing, isEditing, raw, shareAddress, viewed?.key],
  );
  const context = useMemo<PanelContext>(
    () => ({ board, interpolate, timeZone: zone, sharedCursor: dashboard.graphTooltip ?? 0, cursorKey: meta.uid, onRange: setSpan, onFilter, menu }),
    [board, interpolate, zone, dashboard.graphTooltip, meta.uid, setSpan, onFilter, menu],
  );
  const { change: changeDraft } = draft;
  const panel = useCallback(
    (shown: ShownPanel) => {
      const host = <PanelHost shown={shown} context={context} />;
      // Where a copy stands follows from the panel that it is a copy of.
      if (!isEditing || shown.isCopy || shown.panel.repeat) return host;
      return (
        <Suspense fallback={host}>
          <MovablePanel panel={shown.panel} change={changeDraft}>
            {host}
          </MovablePanel>
        </Suspense>
      );
    },
    [context, isEditing, changeDraft],
  );
  const isFolded = useCallback((section: Section) => folded[section.key] ?? section.isCollapsed, [folded]);
  /** The address keeps what differs from what was saved. */
  const fold = useCallback((which: readonly Section[], shut: boolean) => setSwitches('fold-', Object.fromEntries(which.filter(({ row }) => row).map(({ key, isCollapsed }) => [key, shut === isCollapsed ? null : shut]))), [setSwitches]);
  const onFold = useCallback((section: Section, shut: boolean) => fold([section], shut), [fold]);

  const goTo = useRef<string | null>(null);
  const goToPanel = (id: number) => {
    const section = sections.find(({ panels }) => panels.some((each) => each.panel.id === id));
    const target = section?.panels.find((each) => each.panel.id === id);
    if (!section || !target) return;
    goTo.current = target.key;
    fold([section], false);
    change({ report: false, viewPanel: null }, { replace: true });
  };
  useEffect(() => {
    if (goTo.current === null || url.report) return;
    const element = document.getElementById(`panel-${goTo.current}`);
    if (!element) return;
    goTo.current = null;
    element.scrollIntoView({ block: 'center' });
    element.focus({ preventScroll: true });
  });

  useEffect(() => {
    if (!url.kiosk) return;
    document.documentElement.dataset.kiosk = 'true';
    return () => {
      delete document.documentElement.dataset.kiosk;
    };
  }, [url.kiosk]);

  const { weekStart, fiscalYearStartMonth } = dashboard;
  const calendar = useMemo(() => ({ weekStart, fiscalYearStartMonth }), [weekStart, fiscalYearStartMonth]);
  useDashboardShortcuts({ board, address, editing, calendar, find, fold, shareAddress });

  const problems = useMemo(() => [...Object.entries(variables.problems).map(([name, text]) => `The variable ${name}: ${text}`), ...annotationProblems], [variables.problems, annotationProblems]);
  const count = graveCount(report) + problems.length;

  return (
    <div className={url.kiosk ? 'dash kiosk' : 'dash'}>
      <DashboardHead
        editing={editing}
        address={address}
        board={board}
        variables={variables}
        isReady={isReady}
        zone={zone}
        calendar={calendar}
        found={count}
        error={error}
        interpolate={interpolate}
        params={params}
        shareAddress={shareAddress}
        onPrint={() => setPrinting(true)}
      />
      {url.kiosk && (
        <Button className="leave-kiosk" variant="default" onClick={() => change({ kiosk: false })}>
          Leave kiosk mode
        </Button>
      )}
      {url.editPanel !== null ? (
        <Suspense fallback={<Loading lines={6} />}>
          <EditedPanel
            id={Number(url.editPanel)}
            shown={find(url.editPanel)}
            context={context}
            draft={draft}
            onRun={refresh}
            onClose={() => {
              editing.begin();
              change({ editPanel: null });
            }}
          />
        </Suspense>
      ) : dashboard.panels.length === 0 ? (
        <section className="panel">
          <Empty title="This dashboard has no panels yet">
            {isEditing ? (
              <p>Add a panel with the button above.</p>
            ) : (
              <Button variant="default" onClick={editing.begin}>
                Edit
              </Button>
            )}
          </Empty>
        </section>
      ) : !isReady ? (
        error === null && <Loading lines={6} />
      ) : url.viewPanel !== null ? (
        viewed ? (
          <div className="dash-full">
            <Button variant="default" leftSection={<Icon name="left" size={13} />} onClick={() => change({ viewPanel: null })} className="no-print">
              Back to the dashboard
            </Button>
            <PanelHost key={viewed.key} shown={viewed} context={context} eager />
          </div>
        ) : (
          <section className="panel">
            <Empty title={`There is no panel ${url.viewPanel} in this dashboard`}>
              <Button variant="default" onClick={() => change({ viewPanel: null })}>
                Back to the dashboard
              </Button>
            </Empty>
          </section>
        )
      ) : (
        <BoardPart board={board} pick={spanOf}>
          {() => (
            <Grid sections={sections} titleOf={(row) => interpolate(row.panel.title ?? '', row.scoped, 'text')} isFolded={isFolded} onFold={onFold} rowMenu={isEditing ? (section) => (
              <Suspense fallback={null}>
                <RowMenu section={section} title={section.row?.panel.title ?? ''} draft={draft} />
              </Suspense>
            ) : undefined}>
              {panel}
            </Grid>
          )}
        </BoardPart>
      )}
      <Suspense fallback={null}>
        {isPrinting && <Print isBusy={() => board.snapshot().busy} onDone={() => setPrinting(false)} />}
        {editing.dialog !== null && <EditDialogs editing={editing} />}
        {inspected && <InspectedPanel board={board} shown={inspected} title={interpolate(inspected.panel.title ?? '', inspected.scoped, 'text') || `Panel ${inspected.panel.id}`} tab={isInspectTab(url.inspectTab) ? url.inspectTab : 'data'} change={change} />}
        {url.report && <ReportDrawer report={report} live={problems} onPanel={goToPanel} onClose={() => change({ report: false }, { replace: true })} />}
      </Suspense>
    </div>
  );
}

function InspectedPanel({ board, shown, title, tab, change }: { board: PanelSource; shown: ShownPanel; title: string; tab: InspectTab; change: (next: { inspect?: string | null; inspectTab?: string | null }, how?: { replace: boolean }) => void }) {
  const state = useSyncExternalStore(
    useCallback((listener: () => void) => board.watchPanel(shown.key, listener), [board, shown.key]),
    () => board.panelState(shown.key),
  );
  return <Inspect panel={shown.panel} title={title} state={state} tab={tab} onTab={(inspectTab) => change({ inspectTab }, { replace: true })} onClose={() => change({ inspect: null, inspectTab: null })} />;
}
