import { useMemo } from 'react';
import { Scroll } from '../../../parts/Scroll';
import type { JsonObject } from '../../model';
import type { PanelProps } from '../../panel';
import { longest, markdown } from './markdown';
import { fromHtml } from './safe';
import './text.css';

/** Words of the dashboard's author, with variables filled in. */
export default function Text({ options, panel, width, height, interpolate }: PanelProps<JsonObject>) {
  const content = typeof options.content === 'string' ? options.content.slice(0, longest) : '';
  const mode = options.mode === 'html' || options.mode === 'code' ? options.mode : 'markdown';
  const code = (options.code ?? {}) as { language?: string; showLineNumbers?: boolean };
  const format = mode === 'code' ? (code.language === 'json' ? 'json' : undefined) : 'html';
  const text = useMemo(() => interpolate(content, undefined, format), [interpolate, content, format]);
  const elements = useMemo(() => (mode === 'code' ? null : fromHtml(mode === 'html' ? text : markdown(text))), [mode, text]);
  return (
    <div className="text-panel" style={{ width, height }}>
      <Scroll label={panel.title || 'Text'}>{mode === 'code' ? <pre className="text-code">{code.showLineNumbers ? numbered(text) : text}</pre> : <div className="text-words">{elements}</div>}</Scroll>
    </div>
  );
}

/** Numbers stand apart, so that marking and copying leaves them out. */
const numbered = (text: string) =>
  text.split('\n').map((line, index) => (
    <span key={index} className="text-line" data-number={index + 1}>
      {line}
      {'\n'}
    </span>
  ));
