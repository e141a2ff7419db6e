import { MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ComponentType } from 'react';
import { Component, lazy, StrictMode, Suspense, useMemo, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyFieldConfig } from '../src/dashboard/display';
import type { DataLink, JsonObject } from '../src/dashboard/model';
import type { PanelProps, ScopedVars, TimeSpan } from '../src/dashboard/panel';
import { panelKinds } from '../src/dashboard/panels/registry';
import { cssVariables, theme } from '../src/theme';
import '../src/theme.css';
import type { Case } from './case';
import { cases } from './cases';
import './gallery.css';

/** There is no server here: what cases say is all that is known. */
const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
for (const { known = [] } of cases) for (const [key, data] of known) client.setQueryData(key, data);
const kinds: Record<string, ComponentType<PanelProps>> = Object.fromEntries(Object.entries(panelKinds).map(([id, kind]) => [id, lazy(kind.load)]));

const scopedText = (text: string, scoped: ScopedVars = {}) =>
  text.replace(/\$\{([^}:]+)(?::[^}]*)?\}/g, (whole, name: string) => {
    const value = scoped[name]?.value;
    return value === undefined ? whole : String(value);
  });
const link = (given: DataLink, scoped?: ScopedVars) => ({ href: scopedText(given.url, scoped), title: scopedText(given.title, scoped), targetBlank: given.targetBlank === true });

class Caught extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    return this.state.error ? <div className="note bad">{String(this.state.error.stack)}</div> : this.props.children;
  }
}

function Shown({ shown, isDark }: { shown: Case; isDark: boolean }) {
  const { panel, width = 560, height = 260, timeZone = 'UTC' } = shown;
  const [options, setOptions] = useState<JsonObject>(panel.options ?? {});
  const [range, setRange] = useState<TimeSpan>(shown.span);
  const [asked, setAsked] = useState('');
  const frames = useMemo(() => applyFieldConfig(shown.frames, panel.fieldConfig ?? { defaults: {}, overrides: [] }, { isDark, timeZone, interpolate: scopedText, panelType: panel.type }), [shown, panel, isDark, timeZone]);
  const Kind = kinds[panel.type];
  return (
    <section className="case" data-case={shown.name} style={{ width: width + 18 }}>
      <h2>
        {shown.name} <span className="dim">{asked}</span>
      </h2>
      <div className="gallery-panel" style={{ width, height }}>
        <Caught>
          <Suspense fallback={<div aria-busy="true" />}>
            {Kind ? (
              <Kind
                panel={panel}
                options={options}
                frames={frames}
                annotations={shown.annotations ?? []}
                exemplars={shown.exemplars ?? []}
                width={width}
                height={height}
                range={range}
                timeZone={timeZone}
                isDark={isDark}
                sharedCursor={1}
                cursorKey="gallery"
                interpolate={scopedText}
                link={link}
                onRange={setRange}
                onOptions={(more) => setOptions((before) => ({ ...before, ...more }))}
                onFilter={(key, operator, value) => setAsked(`${key}${operator}${value}`)}
              />
            ) : (
              <div className="note bad">Nothing is registered for “{panel.type}”.</div>
            )}
          </Suspense>
        </Caught>
      </div>
    </section>
  );
}

const asked = new URLSearchParams(location.search);
const isDark = asked.get('theme') === 'dark';
const part = asked.get('case') ?? '';
/** Whole names, for tests that look at some. */
const only = new Set(asked.getAll('only'));
document.documentElement.dataset.mantineColorScheme = isDark ? 'dark' : 'light';

function Gallery() {
  const shown = cases.filter(({ name }) => name.includes(part) && (only.size === 0 || only.has(name)));
  const other = new URLSearchParams(asked);
  other.set('theme', isDark ? 'light' : 'dark');
  return (
    <main>
      <p>
        {shown.length} of {cases.length} cases; <a href={`?${other}`}>{isDark ? 'light' : 'dark'}</a>; <code>?case=</code> shows those whose name has a part, <code>?only=</code> those of a name.
      </p>
      <div className="cases">
        {shown.map((one) => (
          <Shown key={one.name} shown={one} isDark={isDark} />
        ))}
      </div>
    </main>
  );
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme={isDark ? 'dark' : 'light'}>
      <Gallery />
    </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);
