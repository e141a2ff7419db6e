import type { ApiMatcher } from '../api/alertmanager';
import type { Matcher, MatchOperator } from '../promql/matcher';

export function fromApi({ name, value, isRegex, isEqual = true }: ApiMatcher): Matcher {
  const operator: MatchOperator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
  return { name, operator, value };
}

export function toApi({ name, value, operator }: Matcher): ApiMatcher {
  return { name, value, isRegex: operator.includes('~'), isEqual: !operator.startsWith('!') };
}

export function MatcherTags({ matchers }: { matchers: ApiMatcher[] }) {
  return (
    <span className="tags">
      {matchers.map((matcher) => {
        const { name, operator, value } = fromApi(matcher);
        return (
          <span className="tag" key={`${name}${operator}${value}`}>
            <span>
              <b>
                {name}
                {operator}
              </b>
              {value}
            </span>
          </span>
        );
      })}
    </span>
  );
}
