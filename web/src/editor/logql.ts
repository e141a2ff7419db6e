import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { LanguageSupport, LRLanguage } from '@codemirror/language';
import { parser } from '@grafana/lezer-logql';
import { styleTags, tags } from '@lezer/highlight';
import { detectedFields, labelNames, labelValues } from '../api/loki';
import { quoted, selectorOf } from '../logs/edit';

const language = LRLanguage.define({
  parser: parser.configure({
    props: [
      styleTags({
        'Json Logfmt Unpack Pattern Regexp Unwrap LabelFormat LineFormat Decolorize Drop Keep': tags.keyword,
        'By Without And Or Unless On Ignoring GroupLeft GroupRight Bool Offset': tags.keyword,
        'CountOverTime Rate RateCounter BytesOverTime BytesRate AvgOverTime SumOverTime MinOverTime MaxOverTime': tags.function(tags.variableName),
        'StddevOverTime StdvarOverTime QuantileOverTime FirstOverTime LastOverTime AbsentOverTime': tags.function(tags.variableName),
        'Sum Avg Count Max Min Stddev Stdvar Bottomk Topk Sort Sort_Desc Approx_Topk LabelReplace Vector': tags.function(tags.variableName),
        'Matcher/Identifier LabelName': tags.labelName,
        String: tags.string,
        'Number Duration Bytes': tags.number,
        LineComment: tags.comment,
      }),
    ],
  }),
  languageData: { commentTokens: { line: '#' }, closeBrackets: { brackets: ['(', '[', '{', '"', '`'] } },
});

const option = (type: string) => (label: string): Completion => ({ label, type });
const stages = ['json', 'logfmt', 'pattern', 'regexp', 'unpack', 'line_format', 'label_format', 'unwrap', 'decolorize', 'drop', 'keep', 'distinct'].map(option('keyword'));
const functions = [
  ...['rate', 'count_over_time', 'bytes_rate', 'bytes_over_time', 'rate_counter', 'sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time'],
  ...['quantile_over_time', 'first_over_time', 'last_over_time', 'stddev_over_time', 'stdvar_over_time', 'absent_over_time'],
  ...['sum', 'avg', 'count', 'max', 'min', 'topk', 'bottomk', 'sort', 'sort_desc', 'stddev', 'stdvar', 'approx_topk', 'label_replace', 'vector'],
].map(option('function'));

/** Completion looks at the logs of this long. */
const lookSeconds = 6 * 3_600;
const lookRange = () => {
  const end = BigInt(Math.ceil(Date.now() / 1000)) * 1_000_000_000n;
  return { start: end - BigInt(lookSeconds) * 1_000_000_000n, end };
};

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const before = context.state.sliceDoc(0, context.pos);
  const open = before.lastIndexOf('{');
  const inside = open >= 0 && !before.slice(open).includes('}') ? before.slice(open + 1) : null;
  const { start, end } = lookRange();
  try {
    if (inside !== null) {
      const value = /([A-Za-z_]\w*)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(inside);
      if (value) {
        const values = await labelValues(value[1]!, start, end);
        return { from: context.pos - value[2]!.length, options: values.map((each) => ({ label: each, type: 'constant', apply: quoted(each).slice(1, -1) })), validFor: /^[^"]*$/ };
      }
      const name = /(?:^|,)\s*([A-Za-z_]?\w*)$/.exec(inside);
      if (!name) return null;
      const names = await labelNames(start, end);
      return { from: context.pos - name[1]!.length, options: names.map((each) => ({ label: each, type: 'property', apply: `${each}=` })), validFor: /^\w*$/ };
    }
    const stage = /\|\s*([A-Za-z_]?\w*)$/.exec(before);
    if (stage) {
      const selector = selectorOf(before);
      const fields = selector ? await detectedFields(selector, start, end).catch(() => []) : [];
      return { from: context.pos - stage[1]!.length, options: [...stages, ...fields.map((field) => ({ label: field.label, type: 'property', detail: field.type }))], validFor: /^\w*$/ };
    }
  } catch {
    // Without an answer there is nothing to offer.
    return null;
  }
  const word = context.matchBefore(/[A-Za-z_]\w*$/);
  if (!word && !context.explicit) return null;
  return { from: word?.from ?? context.pos, options: functions, validFor: /^\w*$/ };
}

/** LogQL's highlighting and completion. */
export const logql = () => new LanguageSupport(language, language.data.of({ autocomplete: complete }));
