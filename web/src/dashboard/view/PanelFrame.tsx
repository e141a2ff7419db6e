import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import type { ReactNode, Ref } from 'react';
import { Icon } from '../../parts/Icon';
import type { Panel } from '../model';

interface Props {
  panel: Panel;
  panelKey: string;
  title: string;
  description?: string;
  /** The panel's own range, where it has one. */
  note: string;
  links: { href: string; title: string; targetBlank: boolean }[];
  loading: boolean;
  contentRef: Ref<HTMLDivElement>;
  /** What stands in the heading's right corner: errors, the menu. */
  corner?: ReactNode;
  children: ReactNode;
}

/** What surrounds every panel: heading, description, links, sign of loading. */
export function PanelFrame({ panel, panelKey, title, description, note, links, loading, contentRef, corner, children }: Props) {
  const classes = ['dash-panel', ...(panel.transparent ? ['transparent'] : []), ...(title || note ? [] : ['untitled'])];
  const name = title || `Panel ${panel.id}`;
  return (
    <section className={classes.join(' ')} aria-label={name} aria-busy={loading || undefined} data-panel={panelKey} id={`panel-${panelKey}`} tabIndex={-1}>
      {loading && <div className="dash-loading" />}
      <header>
        {title && <h3 title={title}>{title}</h3>}
        {description && (
          <Tooltip label={<span className="dash-description">{description}</span>} multiline maw={420} events={{ hover: true, focus: true, touch: true }}>
            <button type="button" className="plain-button about" aria-label={`About ${name}: ${description}`}>
              <Icon name="info" size={13} />
            </button>
          </Tooltip>
        )}
        {note && (
          <span className="dim range-note">
            <Icon name="clock" size={12} />
            {note}
          </span>
        )}
        <span className="grow" />
        {links.length > 0 && <Links name={name} links={links} />}
        {corner}
      </header>
      <div className="content">
        <div className="drawn" ref={contentRef}>
          {children}
        </div>
      </div>
    </section>
  );
}

function Links({ name, links }: { name: string } & Pick<Props, 'links'>) {
  const target = (targetBlank: boolean) => (targetBlank ? { target: '_blank', rel: 'noopener noreferrer' } : {});
  const [only] = links;
  if (links.length === 1)
    return (
      <ActionIcon component="a" size={24} href={only!.href} {...target(only!.targetBlank)} aria-label={`${only!.title} (link of ${name})`} title={only!.title}>
        <Icon name="outside" size={13} />
      </ActionIcon>
    );
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon size={24} aria-label={`Links of ${name}`} title="Links">
          <Icon name="outside" size={13} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {links.map((link, index) => (
          <Menu.Item key={index} component="a" href={link.href} {...target(link.targetBlank)}>
            {link.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
