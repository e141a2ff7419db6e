/** Asks the queries of a dashboard in one request and gives on each answer as its line comes. */

import { ApiError, errorText } from '../../api/request';
import type { Diagnostic } from '../../api/request';
import type { Answer, Query } from './answer';

/** The most queries that the server takes at once. */
const mostQueries = 500;

/** Called once for each id. */
export type OnAnswer = (id: string, answer: Answer) => void;

/** The lines of a stream of bytes; what stands behind the last end of a line is the last line. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  // A line may come in many pieces; they are put together once, at its end.
  let pieces: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      let text = decoder.decode(value, { stream: !done });
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = pieces.join('') + text.slice(0, end);
        pieces = [];
        text = text.slice(end + 1);
        if (line.trim() !== '') yield line;
      }
      if (text !== '') pieces.push(text);
      if (done) break;
    }
    const rest = pieces.join('');
    if (rest.trim() !== '') yield rest;
  } finally {
    // Whoever stops listening needs no more of it.
    await reader.cancel().catch(() => undefined);
  }
}

const failed = (id: string, message: string, type = 'internal', diagnostics?: Diagnostic[]): Answer => ({ ids: [id], error: { type, message, ...(diagnostics?.length ? { diagnostics } : {}) } });

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error, message, errorType, diagnostics } = JSON.parse(text) as { error?: unknown; message?: unknown; errorType?: unknown; diagnostics?: Diagnostic[] };
    const words = typeof error === 'string' ? error : typeof message === 'string' ? message : undefined;
    if (words !== undefined) return new ApiError(words, response.status, typeof errorType === 'string' ? errorType : undefined, diagnostics);
  } catch {
    // Plain text, or a page of something in between.
  }
  return new ApiError(text.trim() !== '' && text.length < 2_000 && !text.trimStart().startsWith('<') ? text.trim() : `The server answered ${response.status} ${response.statusText}`.trim(), response.status);
}

async function ask(queries: Query[], onAnswer: OnAnswer, signal: AbortSignal | undefined): Promise<void> {
  const open = new Set(queries.map(({ id }) => id));
  const give = (id: string, answer: Answer) => {
    if (open.delete(id)) onAnswer(id, answer);
  };
  let why = 'The answer was cut off before this query was done';
  try {
    const response = await fetch('/api/phoenix/v1/dashboards/query', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
      body: JSON.stringify({ queries }),
      signal: signal ?? null,
    });
    if (!response.ok) {
      const { message, kind, diagnostics } = await refusal(response);
      for (const id of [...open]) give(id, failed(id, message, kind ?? 'internal', diagnostics));
      return;
    }
    if (response.body) {
      for await (const line of linesOf(response.body)) {
        const told = JSON.parse(line) as Answer & { done?: boolean };
        if (told.done === true) break;
        for (const id of told.ids) give(id, told);
      }
    }
  } catch (cause) {
    if (signal?.aborted || (cause instanceof DOMException && cause.name === 'AbortError')) throw cause;
    why = cause instanceof TypeError ? 'Phoenix cannot be reached, or the connection ended. Check that it is running; the next refresh tries again.' : `The answer cannot be read: ${errorText(cause)}`;
  }
  for (const id of [...open]) give(id, failed(id, why));
}

/**
 * Asks all queries. Each id gets one answer: the server's, or a failure when there is none. Rejects only when `signal`
 * ends the request; nothing is answered after that.
 */
export async function refresh(queries: Query[], onAnswer: OnAnswer, signal?: AbortSignal): Promise<void> {
  const parts: Query[][] = [];
  for (let at = 0; at < queries.length; at += mostQueries) parts.push(queries.slice(at, at + mostQueries));
  await Promise.all(parts.map((part) => ask(part, (id, answer) => !signal?.aborted && onAnswer(id, answer), signal)));
}
