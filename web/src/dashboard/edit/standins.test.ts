import { expect, test } from 'vitest';
import { standIns } from './standins';

test.each([
  ['up', ['up']],
  ['rate(x[$__rate_interval])', ['rate(x[5m              ])']],
  ['rate(x[${window}])', ['rate(x[5m       ])']],
  ['rate(x[1h:$step])', ['rate(x[1h:5m   ])']],
  ['x offset $back', ['x offset 5m   ']],
  ['rate(x[${m}m])', ['rate(x[5555m])']],
  ['up{job="$job",mode=~"[[mode]]"}', ['up{job="vvvv",mode=~"vvvvvvvv"}']],
  ["{a='it\\'s $x'} |= `$y \\`", ["{a='it\\'s vv'} |= `vv \\`"]],
  ['topk($n, x)', ['topk(vv, x)', 'topk(1 , x)']],
  ['sum by ($by) (${metric:raw}{a="$a"})', ['sum by (vvv) (vvvvvvvvvvvvv{a="vv"})', 'sum by (1  ) (1            {a="vv"})']],
  ['$$ $1', ['$$ $1']],
])('%s', (query, want) => {
  expect(standIns(query)).toEqual(want);
  for (const text of standIns(query)) expect(text.length).toBe(query.length);
});
