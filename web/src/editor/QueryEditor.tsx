import { autocompletion, closeBrackets, closeCompletion, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import type { Diagnostic as EditorDiagnostic } from '@codemirror/lint';
import { linter, lintKeymap } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import { lintQuery, parseQuery } from '../api/phoenix';
import { ofLinter, ofParser } from './linted';
import './QueryEditor.css';

export interface EditorProps {
  label: string;
  value: string;
  /** Takes the keyboard when it appears. */
  focus?: boolean;
  language: string;
  onChange: (text: string) => void;
  onRun: (text: string) => void;
  /** Texts of the same length to check in the query's stead; it is right when one of them is. */
  standIns?: (text: string) => string[];
}

interface Props extends EditorProps {
  /** What knows the language: its highlighting and its completion. Looked at when the editor appears. */
  extension: Extension;
  example: string;
}

/** Colours come from the page's variables, so that the scheme can change under the editor. */
const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--syntax-keyword)' },
  { tag: tags.function(tags.variableName), color: 'var(--syntax-function)' },
  { tag: tags.labelName, color: 'var(--syntax-label)' },
  { tag: tags.string, color: 'var(--syntax-string)' },
  { tag: tags.number, color: 'var(--syntax-number)' },
  { tag: tags.comment, color: 'var(--dim)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

/** Milliseconds without typing after which the server is asked about the query. */
const lintDelay = 300;

/** The languages that the linter knows. */
const linted = ['promql', 'logql'];

/** The server's findings about the text, at the places it gives in bytes. */
function serverLinter(language: () => string, standIns: () => EditorProps['standIns']) {
  return linter(
    async (view): Promise<EditorDiagnostic[]> => {
      const text = view.state.doc.toString();
      if (text.trim() === '') return [];
      try {
        const texts = standIns()?.(text) ?? [text];
        const answers = await Promise.all(texts.map((each) => parseQuery(each, language())));
        const right = answers.findIndex(({ ok }) => ok);
        const said = answers[Math.max(right, 0)]!.diagnostics.map((each) => ofParser(text, each));
        // What can't be read is mended first; what can be may still be no good.
        const asked = texts[right];
        if (asked === undefined || !linted.includes(language())) return said;
        const { findings } = await lintQuery(asked, language()).catch(() => ({ findings: [] }));
        return [...said, ...ofLinter(text, asked, findings)];
      } catch {
        // Running the query shows why the server does not answer.
        return [];
      }
    },
    { delay: lintDelay },
  );
}

/** An editor of queries: Enter runs, Shift+Enter breaks the line, the server's findings are underlined. */
export function QueryEditor({ label, value, focus = false, language, onChange, onRun, standIns, extension, example }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const current = useRef({ onChange, onRun, language, value, standIns });
  const naming = useRef(new Compartment());
  useEffect(() => {
    current.current = { onChange, onRun, language, value, standIns };
  });

  useEffect(() => {
    const run = (editor: EditorView) => {
      // Its list would cover the answer.
      closeCompletion(editor);
      current.current.onRun(editor.state.doc.toString());
      return true;
    };
    const editor = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: current.current.value,
        extensions: [
          history(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          extension,
          serverLinter(
            () => current.current.language,
            () => current.current.standIns,
          ),
          syntaxHighlighting(highlighting),
          EditorView.lineWrapping,
          placeholder(example),
          naming.current.of(EditorView.contentAttributes.of({ 'aria-label': label })),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) current.current.onChange(update.state.doc.toString());
          }),
          Prec.high(
            keymap.of([
              { key: 'Mod-Enter', run },
              { key: 'Shift-Enter', run: insertNewlineAndIndent },
            ]),
          ),
          // Enter and Escape come after the completion's own, which take them while its list is open.
          keymap.of([
            ...completionKeymap,
            { key: 'Enter', run },
            { key: 'Escape', run: (each) => (each.contentDOM.blur(), true) },
            ...closeBracketsKeymap,
            ...lintKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
        ],
      }),
    });
    view.current = editor;
    if (focus) {
      editor.dispatch({ selection: { anchor: editor.state.doc.length } });
      editor.focus();
    }
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []); // eslint-disable-line react-hooks/exhaustive-deps

  useEffect(() => {
    view.current?.dispatch({ effects: naming.current.reconfigure(EditorView.contentAttributes.of({ 'aria-label': label })) });
  }, [label]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  return <div ref={host} className="promql" />;
}
