import { Button, MultiSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { DashboardList, DashboardSummary } from '../../api/dashboards';
import { dashboardPath, dashboards } from '../../api/dashboards';
import { Answered, Empty } from '../../parts/Answer';
import { contains, TextFilter } from '../../parts/Filter';
import { Icon } from '../../parts/Icon';
import { PageHead } from '../../parts/PageHead';
import { Ago } from '../../parts/Time';
import { useParam } from '../../url/params';
import './Dashboards.css';
import type { FolderGroup } from './folders';
import { byFolder } from './folders';
import { NewDashboard } from './NewDashboard';
import { useRecent } from './recent';

/** All dashboards, by folder. */
export default function Dashboards() {
  const query = useQuery(dashboards);
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title="Dashboards">
        <Button component={Link} href="/dashboards/import" variant="default" leftSection={<Icon name="upload" size={13} />}>
          Import
        </Button>
        <Button leftSection={<Icon name="plus" size={13} />} onClick={() => setMaking(true)}>
          New
        </Button>
      </PageHead>
      <Answered query={query} lines={6}>
        {(list) => (
          <>
            <List list={list} />
            {making && <NewDashboard folders={list.folders} close={() => setMaking(false)} />}
          </>
        )}
      </Answered>
    </>
  );
}

function List({ list }: { list: DashboardList }) {
  const [text] = useParam('q');
  const [tagText, setTags] = useParam('tag');
  const [recent] = useRecent();
  const tags = tagText === '' ? [] : tagText.split(',');
  const allTags = [...new Set(list.dashboards.flatMap((each) => each.tags))].sort();
  const filtered = text.trim() !== '' || tags.length > 0;
  const shown = list.dashboards.filter((each) => contains(`${each.title} ${each.tags.join(' ')} ${each.folder?.title ?? ''} ${each.file ?? ''}`, text) && tags.every((tag) => each.tags.includes(tag)));
  const groups = byFolder(shown, list.folders, !filtered);
  const seen = recent.flatMap((uid) => list.dashboards.find((each) => each.uid === uid) ?? []);
  if (list.dashboards.length === 0 && list.folders.length === 0)
    return (
      <section className="panel">
        <Empty title="There are no dashboards yet">
          <p>
            Drop dashboards from Grafana on <Link href="/dashboards/import">Import</Link>, or name a folder of their files in the configuration: <code>dashboards: [dashboards/*.json]</code>. Files are watched: a change shows at once.
          </p>
        </Empty>
      </section>
    );
  return (
    <div className="stack">
      <div className="row wrap">
        <TextFilter label="Filter dashboards" placeholder="Title, tag, folder, file" />
        {allTags.length > 0 && (
          <MultiSelect aria-label="Tags" placeholder={tags.length === 0 ? 'Any tag' : undefined} data={allTags} value={tags} onChange={(next) => setTags(next.join(','))} size="xs" searchable clearable clearButtonProps={{ 'aria-label': 'Clear the tags' }} className="tag-filter" />
        )}
        <span className="dim num">
          {shown.length === list.dashboards.length ? `${shown.length} dashboards` : `${shown.length} of ${list.dashboards.length} dashboards`}
        </span>
      </div>
      {!filtered && seen.length > 0 && (
        <nav aria-label="Recently viewed" className="recent-dashboards">
          <span className="dim">Recently viewed</span>
          {seen.map((each) => (
            <Link key={each.uid} href={dashboardPath(each.uid, each.title)}>
              {each.title}
            </Link>
          ))}
        </nav>
      )}
      {groups.map((group) => (
        <Folder key={group.uid ?? ''} group={group} onTag={(tag) => setTags(tags.includes(tag) ? tagText : [...tags, tag].join(','))} />
      ))}
      {shown.length === 0 && filtered && (
        <section className="panel">
          <Empty title="No dashboard matches">
            <p>
              <Link href="/dashboards">Show all {list.dashboards.length}</Link>
            </p>
          </Empty>
        </section>
      )}
    </div>
  );
}

function Folder({ group, onTag }: { group: FolderGroup; onTag: (tag: string) => void }) {
  return (
    <details className="panel" open>
      <summary>
        <span className="turn">
          <Icon name="right" size={13} />
        </span>
        <h2>{group.title}</h2>
        <span className="dim num">{group.dashboards.length}</span>
      </summary>
      {group.dashboards.length === 0 ? (
        <p className="body dim" style={{ margin: 0 }}>
          This folder is empty.
        </p>
      ) : (
        <ul className="dashboard-list">
          {group.dashboards.map((each) => (
            <Entry key={each.uid} entry={each} onTag={onTag} />
          ))}
        </ul>
      )}
    </details>
  );
}

function Entry({ entry, onTag }: { entry: DashboardSummary; onTag: (tag: string) => void }) {
  const path = dashboardPath(entry.uid, entry.title);
  return (
    <li>
      <Link href={path} className="title">
        {entry.title}
      </Link>
      <span className="tags">
        {entry.tags.map((tag) => (
          <button key={tag} type="button" className="tag plain" onClick={() => onTag(tag)} aria-label={`Only those with the tag ${tag}`}>
            {tag}
          </button>
        ))}
      </span>
      <span className="notes">
        {entry.problems > 0 && (
          <Link href={`${path}?report=1`} className="state tone-warn">
            <Icon name="warning" size={13} />
            {entry.problems === 1 ? '1 thing not as meant' : `${entry.problems} things not as meant`}
          </Link>
        )}
      </span>
      <span className="dim source" title={entry.file ?? undefined}>
        {entry.source === 'file' ? (
          <>
            <Icon name="note" size={13} /> {entry.file}
          </>
        ) : (
          <>
            changed <Ago at={entry.updated} />
            {entry.updated_by && ` by ${entry.updated_by}`}
          </>
        )}
      </span>
    </li>
  );
}
