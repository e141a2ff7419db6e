import { takeEarly } from './early';

/** A finding of a parser or of a configuration file; `start` and `end` are byte offsets in UTF-8. */
export interface Diagnostic {
  severity: 'error' | 'warning' | 'info';
  message: string;
  help?: string | null;
  file?: string | null;
  line?: number | null;
  column?: number | null;
  start?: number | null;
  end?: number | null;
}

/** What the server answered when it did not answer what was asked for. `status` is 0 when it could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly kind: string | undefined;
  readonly diagnostics: Diagnostic[];

  constructor(message: string, status: number, kind?: string, diagnostics: Diagnostic[] = []) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.kind = kind;
    this.diagnostics = diagnostics;
  }
}

interface ErrorBody {
  error?: unknown;
  errorType?: unknown;
  message?: unknown;
  diagnostics?: Diagnostic[];
}

/** The server's own words about a failed answer: Phoenix' and Prometheus' `error`, Alertmanager's bare string or `message`. */
function failure(status: number, statusText: string, body: unknown, text: string): ApiError {
  if (typeof body === 'string' && body !== '') return new ApiError(body, status);
  if (typeof body === 'object' && body !== null) {
    const { error, errorType, message, diagnostics } = body as ErrorBody;
    const words = typeof error === 'string' ? error : typeof message === 'string' ? message : undefined;
    if (words) return new ApiError(words, status, typeof errorType === 'string' ? errorType : undefined, diagnostics ?? []);
  }
  const plain = text.trim();
  const usable = plain !== '' && plain.length < 2000 && !plain.startsWith('<');
  return new ApiError(usable ? plain : `The server answered ${status} ${statusText}`.trim(), status);
}

/** Fetches `path`; answers with the decoded body, or its text when it is not JSON. Throws `ApiError`. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  let text: string;
  try {
    const early = init.method === undefined ? takeEarly(path) : undefined;
    response = await (early ?? fetch(path, { ...init, headers: { Accept: 'application/json', ...init.headers } }));
    text = await response.text();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('Phoenix cannot be reached. Check that it is running; this page tries again by itself.', 0);
  }
  let body: unknown = text;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    // Some answers are plain text, such as /-/reload's.
  }
  if (!response.ok) throw failure(response.status, response.statusText, body, text);
  return body as T;
}

/** Sends a change as JSON, which is also what tells the server that the request is no cross-site form. */
export function send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  return request<T>(path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

/** Text to show for whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
