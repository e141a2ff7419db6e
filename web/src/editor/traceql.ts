import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { LanguageSupport, LRLanguage } from '@codemirror/language';
import { parser } from '@grafana/lezer-traceql';
import { styleTags, tags } from '@lezer/highlight';
import { tagNames, tagValues } from '../api/tempo';
import { writtenKey } from '../traces/query';

const language = LRLanguage.define({
  parser: parser.configure({
    props: [
      styleTags({
        'Parent Event Instrumentation Link Resource Span': tags.keyword,
        'With GroupOperation SelectOperation CoalesceOperation': tags.keyword,
        'Aggregate MetricsOperationBasicType MetricsOverTimeType MetricsAggregatorFunctionType': tags.function(tags.variableName),
        'MetricsOperationHistogram MetricsOperationQuantile MetricsOperationCompare': tags.function(tags.variableName),
        'IntrinsicField AttributeField/Identifier Identifier': tags.labelName,
        String: tags.string,
        'Integer Float Duration': tags.number,
        'LineComment BlockComment': tags.comment,
      }),
    ],
  }),
  languageData: { commentTokens: { line: '//', block: { open: '/*', close: '*/' } }, closeBrackets: { brackets: ['(', '[', '{', '"', '`'] } },
});

const option = (type: string) => (label: string): Completion => ({ label, type });
const intrinsics = [
  ...['name', 'status', 'statusMessage', 'kind', 'duration', 'traceDuration', 'rootName', 'rootServiceName', 'parent', 'nestedSetParent'],
  ...['trace:duration', 'trace:rootName', 'trace:rootService', 'trace:id', 'span:duration', 'span:name', 'span:kind', 'span:status', 'span:statusMessage', 'span:id', 'span:parentID'],
  ...['event:name', 'event:timeSinceStart', 'link:traceID', 'link:spanID', 'instrumentation:name', 'instrumentation:version'],
].map(option('variable'));
const scopes = ['resource.', 'span.', 'event.', 'link.', 'instrumentation.', 'parent.'].map(option('keyword'));
const stages = [
  ...['count', 'avg', 'min', 'max', 'sum', 'by', 'select', 'coalesce'],
  ...['rate', 'count_over_time', 'sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time', 'quantile_over_time', 'histogram_over_time', 'compare', 'topk', 'bottomk'],
].map((label): Completion => ({ label, type: 'function', apply: `${label}(` }));
/** Words that stand as values of fields whose values the server does not list. */
const words: Record<string, string[]> = {
  status: ['error', 'ok', 'unset'],
  kind: ['server', 'client', 'internal', 'producer', 'consumer', 'unspecified'],
};

/** Completion looks at the traces of this long, in seconds. */
const look = 6 * 3_600;
const lookRange = () => {
  const end = Math.ceil(Date.now() / 1000);
  return { start: end - look, end };
};

/** Whether a place stands between the braces of a selection. */
function insideBraces(before: string): boolean {
  const plain = before.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '');
  return plain.lastIndexOf('{') > plain.lastIndexOf('}');
}

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const before = context.state.sliceDoc(0, context.pos);
  if (insideBraces(before)) {
    const value = /([\w.:/-]+|[\w]*\."[^"]*")\s*(?:=~|!~|!=|>=|<=|=|>|<)\s*("?)([^"\s]*)$/.exec(before);
    try {
      if (value) {
        const [, key = '', quote, typed = ''] = value;
        const known = words[key.replace(/^span:/, '')];
        if (known) return { from: context.pos - typed.length, options: known.map(option('constant')), validFor: /^\w*$/ };
        const values = await tagValues(key, lookRange());
        return {
          from: context.pos - typed.length,
          options: values.map((each) => {
            const written = each.type === 'string' ? JSON.stringify(each.value) : each.value;
            // Behind an opening quote, which the editor has closed already, the value stands without them.
            return { label: each.value, type: 'constant', detail: each.type, apply: quote ? JSON.stringify(each.value).slice(1, -1) : written };
          }),
          validFor: quote ? /^[^"]*$/ : /^[\w.-]*$/,
        };
      }
      const key = context.matchBefore(/[A-Za-z_.:][\w.:/-]*$/);
      if (!key && !context.explicit && !/[{&|(]\s*$/.test(before)) return null;
      const found = await tagNames(lookRange()).catch(() => []);
      const attributes = found
        .filter(({ name }) => name !== 'intrinsic')
        .flatMap(({ name, tags: names }) => names.map((tag): Completion => ({ label: `${name}.${tag}`, apply: writtenKey(`${name}.${tag}`), type: 'property' })));
      return { from: key?.from ?? context.pos, options: [...attributes, ...intrinsics, ...scopes], validFor: /^[\w.:/-]*$/ };
    } catch {
      // Without an answer there is nothing to offer.
      return null;
    }
  }
  const word = context.matchBefore(/[A-Za-z_]\w*$/);
  if (!word && !context.explicit) return null;
  const offered: Completion[] = /\|\s*\w*$/.test(before) ? stages : [{ label: 'by', type: 'keyword', apply: 'by(' }, { label: 'with', type: 'keyword', apply: 'with(' }, ...stages];
  return { from: word?.from ?? context.pos, options: offered, validFor: /^\w*$/ };
}

/** TraceQL's highlighting and completion. */
export const traceql = () => new LanguageSupport(language, language.data.of({ autocomplete: complete }));
