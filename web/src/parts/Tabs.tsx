import { Link } from 'wouter';

/** Tabs as links, so that each has an address. */
export function Tabs({ label, here, tabs }: { label: string; here: string; tabs: { value: string; label: string; href: string }[] }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.value} href={tab.href} aria-current={tab.value === here ? 'page' : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
