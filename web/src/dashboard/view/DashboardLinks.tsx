import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { dashboardPath, dashboards } from '../../api/dashboards';
import { Icon } from '../../parts/Icon';
import type { DashboardLink } from '../model';
import { isSafeUrl } from './safe-url';

interface Props {
  links: readonly DashboardLink[];
  uid: string;
  interpolate: (text: string) => string;
  /** The time range and the variables, as parameters. */
  params: (link: Pick<DashboardLink, 'keepTime' | 'includeVars'>) => URLSearchParams;
}

const withParams = (url: string, params: URLSearchParams) => (params.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${params}`);

/** The links of a dashboard: to pages, and to other dashboards by their tags. */
export function DashboardLinks({ links, uid, interpolate, params }: Props) {
  return (
    <>
      {links.map((link, index) => {
        const title = interpolate(link.title || link.tooltip || '');
        if (link.type === 'dashboards') return <Tagged key={index} link={link} title={title || 'Dashboards'} uid={uid} params={params(link)} />;
        const url = interpolate(link.url ?? '');
        if (!isSafeUrl(url)) return null;
        return (
          <Button key={index} component="a" variant="default" href={withParams(url, params(link))} target={link.targetBlank ? '_blank' : undefined} rel={link.targetBlank ? 'noopener noreferrer' : undefined} title={link.tooltip ? interpolate(link.tooltip) : undefined} leftSection={<Icon name="outside" size={13} />}>
            {title || url}
          </Button>
        );
      })}
    </>
  );
}

function Tagged({ link, title, uid, params }: { link: DashboardLink; title: string; uid: string; params: URLSearchParams }) {
  const { data } = useQuery(dashboards);
  const tags = link.tags ?? [];
  const found = (data?.dashboards ?? []).filter((each) => each.uid !== uid && tags.every((tag) => each.tags.includes(tag))).sort((a, b) => a.title.localeCompare(b.title));
  const blank = link.targetBlank ? { target: '_blank', rel: 'noopener noreferrer' } : {};
  if (!link.asDropdown)
    return found.map((each) => (
      <Button key={each.uid} component={Link} href={withParams(dashboardPath(each.uid, each.title), params)} variant="default" leftSection={<Icon name="dashboards" size={13} />} {...blank}>
        {each.title}
      </Button>
    ));
  return (
    <Menu position="bottom-start" shadow="md">
      <Menu.Target>
        <Button variant="default" leftSection={<Icon name="dashboards" size={13} />}>
          {title}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={400} style={{ overflow: 'auto' }}>
        {found.map((each) => (
          <Menu.Item key={each.uid} component={Link} href={withParams(dashboardPath(each.uid, each.title), params)} {...blank}>
            {each.title}
          </Menu.Item>
        ))}
        {found.length === 0 && <Menu.Label>No other dashboard has {tags.length === 0 ? 'been found' : `the tag ${tags.join(', ')}`}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
