import { useEffect } from 'react';
import type { LoadedDashboard } from '../../api/dashboards';
import { Empty } from '../../parts/Answer';
import { PageHead } from '../../parts/PageHead';
import { useRecent } from '../../views/dashboards/recent';
import type { Panel } from '../model';
import { panelKinds } from '../panels/registry';
import './Dashboard.css';
import { Grid, useFolds } from './Grid';
import { PanelFrame } from './PanelFrame';

const keyOf = (panel: Panel) => String(panel.id);

/** A dashboard with its variables, its time range and its panels. */
export function DashboardView({ loaded }: { loaded: LoadedDashboard }) {
  const { dashboard, meta } = loaded;
  const folds = useFolds();
  const [, remember] = useRecent();
  useEffect(() => {
    remember(meta.uid);
    // Once for each dashboard; remembering changes what is remembered.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [meta.uid]);
  return (
    <div className="dash">
      <PageHead title={dashboard.title} />
      {dashboard.panels.length === 0 ? (
        <section className="panel">
          <Empty title="This dashboard has no panels yet" />
        </section>
      ) : (
        <Grid panels={dashboard.panels} keyOf={keyOf} titleOf={(panel) => panel.title ?? ''} folds={folds}>
          {(panel) => (
            <PanelFrame panel={panel} panelKey={keyOf(panel)} title={panel.title ?? ''} description={panel.description} loading={false}>
              {panelKinds[panel.type] ? null : (
                <div className="message">
                  <strong>Not shown</strong>Panels of type {panel.type} cannot be shown.
                </div>
              )}
            </PanelFrame>
          )}
        </Grid>
      )}
    </div>
  );
}
