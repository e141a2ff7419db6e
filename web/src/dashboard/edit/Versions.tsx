import { Alert, Button, Drawer } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { LoadedDashboard } from '../../api/dashboards';
import { dashboardVersion, dashboardVersions, restoreDashboard } from '../../api/dashboards';
import { Answered, Empty } from '../../parts/Answer';
import { Ago } from '../../parts/Time';
import { changes } from './diff';
import { ChangeList } from './SaveDialog';

interface Props {
  loaded: LoadedDashboard;
  onRestored: (loaded: LoadedDashboard) => void;
  onClose: () => void;
}

/** Earlier versions: what each differs in from the present one, and the way back to it. */
export function Versions({ loaded, onRestored, onClose }: Props) {
  const { uid, version: current, source, file } = loaded.meta;
  const list = useQuery({ ...dashboardVersions(uid), enabled: source === 'state' });
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={`Versions of ${loaded.dashboard.title}`}>
      {source === 'file' ? (
        <Empty title={`This dashboard is of ${file ?? 'a file'}: its history is the file's`} />
      ) : (
        <Answered query={list} lines={6}>
          {({ versions }) => (
            <div className="stack">
              {versions.map((version) => (
                <section key={version.version} className="override" aria-label={`Version ${version.version}`}>
                  <div className="row">
                    <strong className="num">{version.version}</strong>
                    <Ago at={version.created} />
                    {version.created_by && <span className="dim">by {version.created_by}</span>}
                    <span className="grow">{version.message}</span>
                    {version.version === current ? (
                      <span className="dim">now</span>
                    ) : (
                      <Button variant="default" aria-expanded={chosen === version.version} onClick={() => setChosen(chosen === version.version ? null : version.version)}>
                        Compare
                      </Button>
                    )}
                  </div>
                  {chosen === version.version && <Comparison loaded={loaded} version={version.version} onRestored={onRestored} />}
                </section>
              ))}
            </div>
          )}
        </Answered>
      )}
    </Drawer>
  );
}

function Comparison({ loaded, version, onRestored }: { loaded: LoadedDashboard; version: number; onRestored: Props['onRestored'] }) {
  const { uid } = loaded.meta;
  const earlier = useQuery({ queryKey: ['dashboards', 'version', uid, version], queryFn: () => dashboardVersion(uid, version), staleTime: Infinity });
  const [failure, setFailure] = useState<string | null>(null);
  const client = useQueryClient();
  const restore = async () => {
    try {
      const restored = await restoreDashboard(uid, version);
      client.setQueryData(['dashboards', 'one', uid], restored);
      await client.invalidateQueries({ queryKey: ['dashboards', 'versions', uid] });
      onRestored(restored);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Answered query={earlier} lines={4}>
      {({ dashboard }) => (
        <div className="stack">
          <div className="dim">From version {version} to now</div>
          <ChangeList found={changes(dashboard, loaded.dashboard)} />
          {failure && (
            <Alert color="red" title="Not restored">
              {failure}
            </Alert>
          )}
          <Button variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => void restore()}>
            Make version {version} the present one
          </Button>
        </div>
      )}
    </Answered>
  );
}
