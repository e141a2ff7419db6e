import type { Answer, QueryData } from '../api/prometheus';
import { length } from '../format/time';
import { Icon } from '../parts/Icon';

/** What the server remarked about an answer, its size and how long it took. */
export function AnswerNotes({ answer, letter, extra }: { answer: Answer<QueryData>; letter: string | null; extra?: string }) {
  const { data } = answer;
  const count = data.resultType === 'vector' || data.resultType === 'matrix' ? data.result.length : 1;
  return (
    <div className="stack tight">
      {[...answer.warnings.map((text) => ({ text, tone: 'warn' })), ...answer.infos.map((text) => ({ text, tone: '' }))].map(({ text, tone }) => (
        <div key={text} className={`note ${tone}`}>
          <Icon name={tone ? 'warning' : 'info'} />
          <span>{text}</span>
        </div>
      ))}
      <div className="answer-facts num">
        {letter && <strong>{letter}</strong>}
        <span>
          {count} {data.resultType === 'scalar' || data.resultType === 'string' ? data.resultType : 'series'}
        </span>
        <span>{length(answer.milliseconds / 1000)}</span>
        {extra && <span>{extra}</span>}
      </div>
    </div>
  );
}
