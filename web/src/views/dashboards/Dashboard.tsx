import { useQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { dashboard } from '../../api/dashboards';
import { DashboardView } from '../../dashboard/view/DashboardView';
import { Answered } from '../../parts/Answer';

/** One dashboard, at the path that it has in Grafana. */
export default function Dashboard() {
  const { uid = '' } = useParams<{ uid: string }>();
  const query = useQuery(dashboard(uid));
  return (
    <Answered query={query} lines={8}>
      {(loaded) => <DashboardView key={uid} loaded={loaded} />}
    </Answered>
  );
}
