/** How often the server scrapes: what rates and least steps go by, as with the setting of Grafana's data source. */

import { request } from '../../api/request';
import { lengthMs } from '../time';

/** Prometheus' own, for a configuration that does not say. */
const unsaidMs = 60_000;

/** `scrape_interval` of the first `global` part that belongs to scraping; nothing when there is none. */
export function scrapeIntervalOf(yaml: string): number | null {
  const parts = [...yaml.matchAll(/^global:[^\S\n]*(\{[^}]*\}|(?:#.*)?(?:\n(?:[^\S\n]+.*|[^\S\n]*|#.*)(?=\n|$))*)/gm)].map(([, part = '']) => part);
  for (const part of parts) {
    const written = /(?:^|[\n{,])[^\S\n]*scrape_interval:[^\S\n]*["']?([\w.]+)/.exec(part)?.[1];
    const ms = written === undefined ? null : lengthMs(written);
    if (ms) return ms;
  }
  return /^scrape_configs:/m.test(yaml) ? unsaidMs : null;
}

let known: number | undefined;
let asking: Promise<void> | undefined;

/** In milliseconds; nothing as long as the server has not told. */
export const scrapeMs = (): number | undefined => known;

/** Asks once for each page; without an answer, steps go by what Grafana takes without the setting. */
export function loadScrapeMs(): Promise<void> {
  asking ??= request<{ data?: { yaml?: string } }>('/api/v1/status/config').then(
    (answer) => {
      known = scrapeIntervalOf(answer?.data?.yaml ?? '') ?? undefined;
    },
    () => {
      asking = undefined;
    },
  );
  return asking;
}
