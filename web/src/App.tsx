import type { ReactNode } from 'react';
import { Component, lazy, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Failure, Loading } from './parts/Answer';
import { Shell } from './shell/Shell';

const Home = lazy(() => import('./views/Home'));
const Dashboards = lazy(() => import('./views/dashboards/Dashboards'));
const ImportDashboards = lazy(() => import('./views/dashboards/Import'));
const Dashboard = lazy(() => import('./views/dashboards/Dashboard'));
const Explore = lazy(() => import('./views/Explore'));
const Logs = lazy(() => import('./views/logs/Logs'));
const Traces = lazy(() => import('./views/traces/Traces'));
const ServiceMap = lazy(() => import('./views/traces/ServiceMap'));
const CompareTraces = lazy(() => import('./views/traces/CompareTraces'));
const Trace = lazy(() => import('./views/traces/Trace'));
const Incidents = lazy(() => import('./views/Incidents'));
const Incident = lazy(() => import('./views/Incident'));
const Alerts = lazy(() => import('./views/Alerts'));
const Rules = lazy(() => import('./views/Rules'));
const Silences = lazy(() => import('./views/Silences'));
const SilenceForm = lazy(() => import('./views/SilenceForm'));
const Silence = lazy(() => import('./views/Silence'));
const Targets = lazy(() => import('./views/Targets'));
const OnCall = lazy(() => import('./views/OnCall'));
const Inbox = lazy(() => import('./views/Inbox'));
const Status = lazy(() => import('./views/Status'));
const NotFound = lazy(() => import('./views/NotFound'));

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
            <Route path="/" component={Home} />
            <Route path="/dashboards" component={Dashboards} />
            <Route path="/dashboards/import" component={ImportDashboards} />
            <Route path="/d/:uid/:slug?" component={Dashboard} />
            <Route path="/explore" component={Explore} />
            <Route path="/logs" component={Logs} />
            <Route path="/traces" component={Traces} />
            <Route path="/traces/map" component={ServiceMap} />
            <Route path="/traces/compare" component={CompareTraces} />
            <Route path="/traces/:id" component={Trace} />
            <Route path="/incidents" component={Incidents} />
            <Route path="/incidents/:id" component={Incident} />
            <Route path="/alerts" component={Alerts} />
            <Route path="/rules" component={Rules} />
            <Route path="/silences" component={Silences} />
            <Route path="/silences/new" component={SilenceForm} />
            <Route path="/silences/:id" component={Silence} />
            <Route path="/targets" component={Targets} />
            <Route path="/on-call" component={OnCall} />
            <Route path="/inbox" component={Inbox} />
            <Route path="/status" component={Status} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}
