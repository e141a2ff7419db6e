import { Link } from 'wouter';
import { exploreLink } from '../url/explore';

/** An expression that leads to Explore. */
export function Expression({ text, language = 'promql', end }: { text: string; language?: string; end?: number | null }) {
  return (
    <Link href={exploreLink(text, { language, end: end ?? null })} className="expression" title="Open in Explore">
      <code>{text}</code>
    </Link>
  );
}
