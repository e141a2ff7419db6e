import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from 'wouter';
import { dashboardPath, dashboards } from '../../../api/dashboards';
import { Answered } from '../../../parts/Answer';
import { useRecent } from '../../../views/dashboards/recent';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { reached } from '../parts/reached';
import { carried, listsOf } from './list';
import './dashlist.css';

/** Links to other dashboards. */
export default function DashList({ options, panel, width, height, interpolate }: PanelProps<JsonObject>) {
  const query = useQuery(dashboards);
  const [recent] = useRecent();
  const search = useSearch();
  const more = carried(search, options);
  return (
    <div className="dash-list" style={{ width, height }} role="group" aria-label={panel.title || 'Dashboards'} {...reached}>
      <Answered query={query} lines={4}>
        {({ dashboards: all }) => {
          const lists = listsOf(all, recent, options, (text) => interpolate(text));
          return (
            <>
              {options.showStarred === true && lists.length === 0 && <p className="dim">Starred dashboards are not known here. The panel can list dashboards by a search instead.</p>}
              {lists.map(({ heading, dashboards: listed }) => (
                <section key={heading}>
                  {options.showHeadings !== false && <h3>{heading}</h3>}
                  {listed.length === 0 ? (
                    <p className="dim">{heading === 'Search' ? 'No dashboard is found' : 'None yet'}</p>
                  ) : (
                    <ul>
                      {listed.map((each) => (
                        <li key={each.uid}>
                          <Link href={`${dashboardPath(each.uid, each.title)}${more}`}>{each.title}</Link>
                          {options.showFolderNames !== false && each.folder && <span className="dim"> {each.folder.title}</span>}
                        </li>
                      ))}
                    </ul>
                  )}
                </section>
              ))}
            </>
          );
        }}
      </Answered>
    </div>
  );
}
