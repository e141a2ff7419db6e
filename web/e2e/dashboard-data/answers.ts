/** A server's answers to the queries of dashboards, made up: what is shown of them can be worked out by hand. */

import type { Page } from '@playwright/test';

/** 2026-03-10 12:00 UTC, when everything was measured. */
export const measured = Date.UTC(2026, 2, 10, 12);
export const queryUrl = '**/api/phoenix/v1/dashboards/query';

export interface Answered {
  labels: Record<string, string>;
  /** One for an instant; for a range every ten minutes up to when it was measured. */
  values: (number | string | null)[];
}

interface Asked {
  id: string;
  kind: string;
  query: string;
}

/** Answers each query by its text; one that is not known has no series. Gives what was asked, as it was asked. */
export async function answerQueries(page: Page, known: Record<string, Answered[]>): Promise<Asked[]> {
  const asked: Asked[] = [];
  await page.route(queryUrl, async (route) => {
    const { queries } = route.request().postDataJSON() as { queries: Asked[] };
    asked.push(...queries);
    const lines = queries.map(({ id, kind, query }) => {
      const series = Object.hasOwn(known, query) ? known[query]! : [];
      const common = { ids: [id], warnings: [], infos: [], stats: {} };
      if (kind === 'instant') return { ...common, kind: 'vector', time_ms: measured, series: series.map(({ labels, values }) => ({ labels, value: values.at(-1) })) };
      const points = Math.max(0, ...series.map(({ values }) => values.length));
      return { ...common, kind: 'matrix', start_ms: measured - (points - 1) * 600_000, step_ms: 600_000, points, series };
    });
    await route.fulfill({ contentType: 'application/x-ndjson', body: [...lines, { done: true }].map((line) => `${JSON.stringify(line)}\n`).join('') });
  });
  return asked;
}

/** Everything that the page still waits for has come. */
export const waiting = '[data-panel][aria-busy], main [role="status"][aria-busy]';
