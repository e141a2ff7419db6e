import type { Diagnostic as EditorDiagnostic } from '@codemirror/lint';
import type { LintFinding } from '../api/phoenix';
import type { Diagnostic } from '../api/request';
import { indexOfByte } from '../promql/positions';

/** Where a diagnostic stands in the editor; at least one character wide, so that it is seen. */
function range(text: string, { start, end }: Pick<Diagnostic, 'start' | 'end'>) {
  const from = Math.min(indexOfByte(text, start ?? 0), text.length);
  const to = Math.min(Math.max(end == null ? text.length : indexOfByte(text, end), from), text.length);
  return { from: from === to && from > 0 ? from - 1 : from, to: from === to && from === 0 ? Math.min(1, text.length) : to };
}

const words = ({ message, help }: Diagnostic) => (help ? `${message}\n${help}` : message);

/** What the language's parser says. */
export const ofParser = (text: string, each: Diagnostic): EditorDiagnostic => ({ ...range(text, each), severity: each.severity, message: words(each) });

/**
 * What the linter says of `asked`, as shown in `text`. Where variables were replaced to ask, what rests on the metrics
 * of the server is left out, since it may be about a stand-in, and nothing is changed.
 */
export function ofLinter(text: string, asked: string, findings: LintFinding[]): EditorDiagnostic[] {
  const same = asked === text;
  return findings
    .filter((each) => same || (each.rests_on !== 'server' && each.start != null && asked.slice(indexOfByte(asked, each.start), indexOfByte(asked, each.end ?? 0)) === text.slice(indexOfByte(asked, each.start), indexOfByte(asked, each.end ?? 0))))
    .map((each) => {
      const { fix } = each;
      return {
        ...range(asked, each),
        severity: each.severity,
        source: each.rule,
        message: words(each),
        actions:
          same && fix
            ? [
                {
                  name: fix.title,
                  apply: (view) =>
                    // A text that has changed since has other places.
                    view.state.doc.toString() === text &&
                    view.dispatch({ changes: fix.edits.map(({ span, text: insert }) => ({ from: indexOfByte(text, span.start), to: indexOfByte(text, span.end), insert })) }),
                },
              ]
            : undefined,
      };
    });
}
