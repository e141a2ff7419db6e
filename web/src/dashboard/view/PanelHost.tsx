import { useComputedColorScheme } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import type { ComponentType, ReactNode } from 'react';
import { Component, memo, Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { errorText } from '../../api/request';
import { Icon } from '../../parts/Icon';
import type { Loadable } from '../../parts/loadable';
import { loadable } from '../../parts/loadable';
import type { Dashboard, DataLink, JsonObject } from '../model';
import type { PanelProps, ScopedVars, TimeSpan } from '../panel';
import { panelKinds } from '../panels/registry';
import type { ShownPanel } from '../variables';
import type { PanelSource } from './board';
import { PanelErrors } from './PanelErrors';
import { PanelFrame } from './PanelFrame';
import type { PanelState } from './panel-state';
import { ahead } from './expected';
import { isSafeUrl } from './safe-url';

/** What a panel needs of the dashboard that it stands in. It keeps its identity while none of it changes. */
export interface PanelContext {
  board: PanelSource;
  interpolate: (text: string, scoped?: ScopedVars, format?: string) => string;
  timeZone: string;
  sharedCursor: number;
  cursorKey: string;
  onRange: (span: TimeSpan) => void;
  onFilter?: PanelProps['onFilter'];
  menu: (shown: ShownPanel, title: string) => ReactNode;
}

const kinds: Record<string, Loadable<PanelProps>> = {};
function kindOf(type: string): Loadable<PanelProps> | null {
  const known = Object.hasOwn(panelKinds, type) ? panelKinds[type] : undefined;
  if (!known) return null;
  return (kinds[type] ??= loadable(known.load));
}

/** Fetches the scripts of the kinds that a dashboard shows at first, while its variables are on their way. */
export function preloadKinds(dashboard: Dashboard) {
  for (const type of new Set(dashboard.panels.map((panel) => panel.type))) {
    // A failure is told where the panel is drawn.
    void kindOf(type)?.preload().catch(() => undefined);
  }
}

/** Asks a panel's element to show its legend or to hide it, until the page is left. */
export const legendEvent = 'phoenix-legend';

/** Kinds that draw the range of time itself; others need not be drawn again when only the range has moved on. */
const timed = new Set(['timeseries', 'heatmap', 'state-timeline', 'status-history', 'barchart', 'text', 'alertlist', 'dashlist', 'logs', 'traces']);

/** One panel: asks for its data while it can be seen, and shows what came. */
export const PanelHost = memo(function PanelHost({ shown, context, eager = false }: { shown: ShownPanel; context: PanelContext; eager?: boolean }) {
  const { board } = context;
  const { panel, key, scoped } = shown;
  const state = useSyncExternalStore(
    useCallback((listener: () => void) => board.watchPanel(key, listener), [board, key]),
    () => board.panelState(key),
  );
  const frame = useRef<HTMLDivElement>(null);
  const { ref: sizeRef, width, height } = useElementSize<HTMLDivElement>();
  const content = useMergedRef(frame, sizeRef);
  const [seen, setSeen] = useState(eager);

  useEffect(() => {
    const element = frame.current!;
    const tell = (visible: boolean) => {
      if (visible) setSeen(true);
      board.setVisible(key, visible, element.clientWidth);
    };
    if (eager || typeof IntersectionObserver === 'undefined') {
      tell(true);
      return () => board.setVisible(key, false, 0);
    }
    const observer = new IntersectionObserver((entries) => tell(entries.at(-1)!.isIntersecting), { rootMargin: `${ahead}px 0px` });
    observer.observe(element);
    const beforePrint = () => tell(true);
    // The observer tells once more what can be seen when it begins anew.
    const afterPrint = () => {
      observer.unobserve(element);
      observer.observe(element);
    };
    window.addEventListener('beforeprint', beforePrint);
    window.addEventListener('afterprint', afterPrint);
    return () => {
      observer.disconnect();
      window.removeEventListener('beforeprint', beforePrint);
      window.removeEventListener('afterprint', afterPrint);
      board.setVisible(key, false, 0);
    };
  }, [board, key, eager]);

  const { interpolate } = context;
  const fill = useCallback((text: string, more?: ScopedVars, format?: string) => interpolate(text, more ? { ...scoped, ...more } : scoped, format), [interpolate, scoped]);
  const title = fill(panel.title ?? '', undefined, 'text');
  const name = title || `Panel ${panel.id}`;
  const Kind = kindOf(panel.type);
  // An empty chart would say that there is nothing, which is not known.
  const failure = state.frames.length === 0 ? state.queries.find(({ error }) => error !== undefined)?.error : undefined;
  const links = useMemo(() => (panel.links ?? []).map((link) => filled(link, fill)).filter(({ href }) => href !== ''), [panel.links, fill]);
  return (
    <PanelFrame
      panel={panel}
      panelKey={key}
      title={title}
      description={panel.description ? fill(panel.description, undefined, 'text') : undefined}
      note={state.rangeNote}
      links={links}
      loading={state.loading}
      contentRef={content}
      corner={
        <>
          <PanelErrors state={state} name={name} />
          {context.menu(shown, name)}
        </>
      }
    >
      {Kind === null ? (
        <div className="message">
          <strong>Not shown</strong>
          <span>
            Panels of type <code>{panel.type}</code> cannot be shown.
          </span>
        </div>
      ) : failure ? (
        <div className="message">
          <span className="tone-bad">
            <Icon name="cross" />
          </span>
          <strong>A query failed</strong>
          <span>{failure.message}</span>
        </div>
      ) : seen && (state.answered || state.queries.length === 0) && width > 0 && height > 0 ? (
        <Boundary key={panel.type} name={panel.type}>
          <Suspense fallback={null}>
            <Drawn Kind={Kind} shown={shown} state={state} context={context} width={width} height={height} interpolate={fill} />
          </Suspense>
        </Boundary>
      ) : null}
    </PanelFrame>
  );
});

function filled(link: DataLink, fill: (text: string, scoped?: ScopedVars, format?: string) => string, scoped?: ScopedVars) {
  const href = fill(link.url ?? '', scoped).trim();
  return { href: isSafeUrl(href) ? href : '', title: fill(link.title ?? '', scoped) || href, targetBlank: link.targetBlank === true };
}

interface DrawnProps {
  Kind: ComponentType<PanelProps>;
  shown: ShownPanel;
  state: PanelState;
  context: PanelContext;
  width: number;
  height: number;
  interpolate: PanelProps['interpolate'];
}

const sameDrawn = (a: DrawnProps, b: DrawnProps) =>
  a.Kind === b.Kind &&
  a.shown === b.shown &&
  a.context === b.context &&
  a.width === b.width &&
  a.height === b.height &&
  a.interpolate === b.interpolate &&
  a.state.frames === b.state.frames &&
  a.state.exemplars === b.state.exemplars &&
  a.state.annotations === b.state.annotations &&
  (!timed.has(a.shown.panel.type) || a.state.range === b.state.range);

/** The kind's own drawing; it is made again only when what it is made of has changed. */
const Drawn = memo(function Drawn({ Kind, shown, state, context, width, height, interpolate }: DrawnProps) {
  const isDark = useComputedColorScheme() === 'dark';
  const { panel } = shown;
  const [chosen, setChosen] = useState<JsonObject | null>(null);
  const options = useMemo(() => ({ ...panel.options, ...chosen }), [panel.options, chosen]);
  const keep = useCallback((next: JsonObject) => setChosen((before) => ({ ...before, ...next })), []);
  useEffect(() => {
    const element = document.getElementById(`panel-${shown.key}`);
    const legend = options.legend as JsonObject | undefined;
    const toggle = () => keep({ legend: { ...legend, showLegend: legend?.showLegend === false } });
    element?.addEventListener(legendEvent, toggle);
    return () => element?.removeEventListener(legendEvent, toggle);
  }, [keep, options.legend, shown.key]);
  const link = useCallback((of: DataLink, scoped?: ScopedVars) => filled(of, interpolate, scoped), [interpolate]);
  return (
    <Kind
      panel={panel}
      options={options}
      frames={state.frames}
      annotations={state.annotations}
      exemplars={state.exemplars}
      width={width}
      height={height}
      range={state.range}
      timeZone={context.timeZone}
      isDark={isDark}
      sharedCursor={context.sharedCursor}
      cursorKey={context.cursorKey}
      interpolate={interpolate}
      link={link}
      onRange={context.onRange}
      onOptions={keep}
      onFilter={context.onFilter}
    />
  );
}, sameDrawn);

/** A panel that fails must not take the others with it. */
class Boundary extends Component<{ name: string; children: ReactNode }, { error: unknown }> {
  state = { error: null as unknown };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="message" role="alert">
        <span className="tone-bad">
          <Icon name="cross" />
        </span>
        <strong>This panel of type {this.props.name} failed</strong>
        {errorText(this.state.error)}
      </div>
    );
  }
}
