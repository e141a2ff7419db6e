import type { ReactNode } from 'react';
import type { Finding } from '../../dashboard/model';
import { Icon } from '../../parts/Icon';
import './Findings.css';

const looks = { error: ['cross', 'tone-bad', 'Not shown'], warning: ['warning', 'tone-warn', 'Shown otherwise'], info: ['info', 'tone-dim', 'Left out'] } as const;
const order = { error: 0, warning: 1, info: 2 } as const;

/** Findings by panel, those about none first. Within one, the gravest first. */
export function byPanel(findings: readonly Finding[]): { panel: Finding['panel']; findings: Finding[] }[] {
  const groups = new Map<number | null, { panel: Finding['panel']; findings: Finding[] }>();
  for (const finding of findings) {
    const key = finding.panel?.id ?? null;
    const group = groups.get(key) ?? { panel: finding.panel, findings: [] };
    groups.set(key, group);
    group.findings.push(finding);
  }
  for (const group of groups.values()) group.findings.sort((a, b) => order[a.severity] - order[b.severity]);
  return [...groups.values()].sort((a, b) => Number(Boolean(a.panel)) - Number(Boolean(b.panel)));
}

/** What the report says, by panel; `panelLink` leads to a panel. */
export function Findings({ findings, panelLink }: { findings: readonly Finding[]; panelLink?: (id: number, name: string) => ReactNode }) {
  return (
    <div className="stack">
      {byPanel(findings).map(({ panel, findings: own }) => {
        const name = panel ? panel.title || `Panel ${panel.id}` : 'The dashboard';
        return (
          <section key={panel?.id ?? ''} aria-label={name}>
            <h3>
              {panel && panelLink ? panelLink(panel.id, name) : name} {panel && <span className="dim mono">{panel.type}</span>}
            </h3>
            <ul className="findings">
              {own.map((finding, index) => {
                const [icon, tone, word] = looks[finding.severity];
                return (
                  <li key={index}>
                    <span className={tone}>
                      <Icon name={icon} size={14} />
                    </span>
                    <div>
                      <strong>{word}: </strong>
                      {finding.message}
                      {finding.help && <div className="dim">{finding.help}</div>}
                      {finding.path && <div className="dim mono">{finding.path}</div>}
                    </div>
                  </li>
                );
              })}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
