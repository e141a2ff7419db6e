import { queryOptions } from '@tanstack/react-query';
import type { Matcher } from '../promql/matcher';
import { formatMatcher } from '../promql/matcher';
import { request, send } from './request';

type Labels = Record<string, string>;

export interface ApiMatcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual?: boolean;
}

export interface Silence {
  id: string;
  status: { state: 'active' | 'pending' | 'expired' };
  updatedAt: string;
  comment: string;
  createdBy: string;
  startsAt: string;
  endsAt: string;
  matchers: ApiMatcher[];
}

export interface NotifiedAlert {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  generatorURL?: string;
  receivers: { name: string }[];
  status: { state: 'active' | 'suppressed' | 'unprocessed'; silencedBy: string[]; inhibitedBy: string[]; mutedBy?: string[] };
}

export interface AlertGroup {
  labels: Labels;
  receiver: { name: string };
  alerts: NotifiedAlert[];
}

export const silences = queryOptions({ queryKey: ['silences', 'list'], queryFn: ({ signal }) => request<Silence[]>('/api/v2/silences', { signal }) });

export const silence = (id: string) =>
  queryOptions({
    queryKey: ['silences', 'one', id],
    queryFn: ({ signal }) => request<Silence>(`/api/v2/silence/${encodeURIComponent(id)}`, { signal }),
  });

export const alertGroups = queryOptions({
  queryKey: ['alerts', 'groups'],
  queryFn: ({ signal }) => request<AlertGroup[]>('/api/v2/alerts/groups', { signal }),
});

/** The alerts that all of `matchers` match: what a silence with these matchers would keep quiet. */
export const matchingAlerts = (matchers: Matcher[]) =>
  queryOptions({
    queryKey: ['alerts', 'matching', matchers.map(formatMatcher)],
    queryFn: ({ signal }) => {
      const params = new URLSearchParams();
      for (const matcher of matchers) params.append('filter', formatMatcher(matcher));
      return request<NotifiedAlert[]>(`/api/v2/alerts?${params}`, { signal });
    },
  });

export interface NewSilence {
  id?: string;
  matchers: ApiMatcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
}

export const postSilence = (body: NewSilence) => send<{ silenceID: string }>('POST', '/api/v2/silences', body);
export const expireSilence = (id: string) => send<unknown>('DELETE', `/api/v2/silence/${encodeURIComponent(id)}`);
