import { Link, useLocation } from 'wouter';
import { Empty } from '../parts/Answer';
import { PageHead } from '../parts/PageHead';

export default function NotFound() {
  const [location] = useLocation();
  return (
    <>
      <PageHead title="Not found" />
      <Empty title={`There is no page ${location}`}>
        <p>
          <Link href="/">Home</Link> shows what is wrong now, <Link href="/explore">Explore</Link> takes queries.
        </p>
      </Empty>
    </>
  );
}
