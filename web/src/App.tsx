import type { ReactNode } from 'react';
import { Component, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Failure, Loading } from './parts/Answer';
import type { Loadable } from './parts/loadable';
import { loadable } from './parts/loadable';
import { Shell } from './shell/Shell';
import { pathMatches } from './url/pages';

/** The pages by their paths, in wouter's way of writing. */
const pages: [path: string, Page: Loadable<object>][] = [
  ['/', loadable(() => import('./views/Home'))],
  ['/dashboards', loadable(() => import('./views/dashboards/Dashboards'))],
  ['/dashboards/import', loadable(() => import('./views/dashboards/Import'))],
  ['/d/:uid/:slug?', loadable(() => import('./views/dashboards/Dashboard'))],
  ['/explore', loadable(() => import('./views/Explore'))],
  ['/logs', loadable(() => import('./views/logs/Logs'))],
  ['/traces', loadable(() => import('./views/traces/Traces'))],
  ['/traces/map', loadable(() => import('./views/traces/ServiceMap'))],
  ['/traces/compare', loadable(() => import('./views/traces/CompareTraces'))],
  ['/traces/:id', loadable(() => import('./views/traces/Trace'))],
  ['/incidents', loadable(() => import('./views/Incidents'))],
  ['/incidents/:id', loadable(() => import('./views/Incident'))],
  ['/alerts', loadable(() => import('./views/Alerts'))],
  ['/rules', loadable(() => import('./views/Rules'))],
  ['/silences', loadable(() => import('./views/Silences'))],
  ['/silences/new', loadable(() => import('./views/SilenceForm'))],
  ['/silences/:id', loadable(() => import('./views/Silence'))],
  ['/targets', loadable(() => import('./views/Targets'))],
  ['/on-call', loadable(() => import('./views/OnCall'))],
  ['/inbox', loadable(() => import('./views/Inbox'))],
  ['/status', loadable(() => import('./views/Status'))],
];
const NotFound = loadable(() => import('./views/NotFound'));

/** Fetches the script of the page at a path. */
export function preloadPage(path: string): Promise<unknown> {
  return (pages.find(([pattern]) => pathMatches(pattern, path))?.[1] ?? NotFound).preload();
}

/** Keeps the navigation when a view fails: a bug, or files that an upgrade of the server replaced. */
class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  state = { error: null as unknown };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  render() {
    if (this.state.error === null) return this.props.children;
    return <Failure title="This page failed; load it again (Phoenix may have been upgraded)" error={this.state.error} retry={() => location.reload()} />;
  }
}

export function App() {
  const [location] = useLocation();
  return (
    <Shell>
      <Boundary key={location}>
        <Suspense fallback={<Loading />}>
          <Switch>
            {pages.map(([path, Page]) => (
              <Route key={path} path={path} component={Page} />
            ))}
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}
