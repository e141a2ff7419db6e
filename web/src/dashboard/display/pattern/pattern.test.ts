import { expect, test } from 'vitest';
import { BoundedRegExp, patternOf, readPattern } from '.';
import { compile } from './search';
import { readTree } from './tree';
import { waysToFail } from './ways';

/** Where the browser's search finds it, as our search tells it. */
function native(source: string, flags: string, text: string): (string | undefined)[] | null {
  const found = new RegExp(source, flags.replace('g', '')).exec(text);
  return found && [...found, String(found.index)];
}

function ours(source: string, flags: string, text: string): (string | undefined)[] | null | 'not for us' {
  const search = compile(readTree(source, flags)!, flags);
  if (!search) return 'not for us';
  const slots = search.find(text, 0, flags.includes('y'));
  return slots && [...Array.from({ length: slots.length / 2 }, (_, group) => (slots[2 * group + 1]! < 0 ? undefined : text.slice(slots[2 * group], slots[2 * group + 1]))), String(slots[0])];
}

const texts = ['', 'a', 'ab', 'aab-abb', 'cpu="1", mode="idle"', 'a\nb', 'A_b c', 'prod-eu-1', '𝒳y', 'baaac', '10.0.0.1:9100', 'ſK', 'x{2}]'];

test.each([
  ['a|ab|', ''], ['(a|ab)(c|bcd)?', ''], ['(a*)*', ''], ['(a*)+b', ''], ['(?:a|b)*?c', ''], ['((a)|b)*', ''], ['(?:(a)|(b))+', ''], ['a{2}', ''], ['a{1,2}?b', ''], ['(a{0,2}){2}', ''],
  ['^(.*)-(.*)-(.*)$', ''], ['mode="([^"]*)"', ''], ['(?=.*b)a', ''], ['a(?!b)', ''], ['(?!a)\\w', ''], ['\\bb', ''], ['\\Ba', ''], ['^b', 'm'], ['a$', 'm'], ['A_B', 'i'], ['a.b', ''], ['a.b', 's'],
  ['.', 'u'], ['.', ''], ['\\u{1D4B3}y', 'u'], ['[^a]+', 'u'], ['\\p{Lu}', 'u'], ['\\w', 'iu'], ['[\\]}]', ''], ['x{2}', ''], ['x\\{2\\}', ''], ['{', ''], ['(\\d+)\\.(\\d+).*:(?<port>\\d+)', ''], ['(?:){3}a', ''], ['(|a)*b', ''], ['(a?)*?b', ''], ['(?:a|(b))+', ''], ['[]|a', ''], ['[^]', ''], ['(?=(?=a)aa)a', ''], ['(?:(?!-).)+', ''],
])('%s %s is found where the browser finds it', (source, flags) => {
  for (const text of texts) expect([text, ours(source, flags, text)]).toEqual([text, native(source, flags, text)]);
});

test.each(['(?:a*?)*', '(?:.*?)+', '(?:(a)*?){2,}', '(?:a?(?:|b))*', '(?:a?b??)+', '(?:a?(?:c|b*?))*?c'])('%s may repeat nothing before something: it is refused rather than searched for in another way', (source) => {
  expect(ours(source, '', 'ab')).toBe('not for us');
  expect(() => new BoundedRegExp(source)).toThrow('it could take too long');
});

/** Small numbers without end, the same for a seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomPattern(roll: (below: number) => number, depth: number): string {
  const atoms = ['a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '\\b', '^', '$', 'A'];
  const inner = () => randomPattern(roll, depth - 1);
  switch (depth === 0 ? 0 : roll(8)) {
    case 1:
      return `(${inner()})`;
    case 2:
      return `(?:${inner()})${['*', '+', '?', '{0,2}', '{2}', '{1,}', '*?', '+?', '??'][roll(9)]!}`;
    case 3:
      return `${inner()}|${inner()}`;
    case 4:
    case 5:
      return inner() + inner();
    case 6:
      return `(?${['=', '!'][roll(2)]!}${inner().replace(/\((?!\?)/g, '(?:')})`;
    default:
      return atoms[roll(atoms.length)]!;
  }
}

test('random patterns are found in random texts as the browser finds them', () => {
  const seed = Number(process.env.PHOENIX_SEED ?? 20_261_123);
  const roll = dice(seed);
  let found = 0;
  for (let round = 0; round < 4_000; round += 1) {
    const source = randomPattern(roll, 4);
    const flags = ['', 'i', 'm', 'u', 's'][roll(5)]!;
    const text = Array.from({ length: roll(9) }, () => 'abcA\n '[roll(6)]!).join('');
    const expected = native(source, flags, text);
    const made = ours(source, flags, text);
    if (made === 'not for us') continue;
    if (expected) found += 1;
    expect([seed, source, flags, text, made]).toEqual([seed, source, flags, text, expected]);
  }
  expect(found).toBeGreaterThan(1_000);
});

test('what goes on from match to match is done with random patterns as the browser does it', () => {
  const seed = Number(process.env.PHOENIX_SEED ?? 20_261_124);
  const roll = dice(seed);
  let [done, several] = [0, 0];
  for (let round = 0; round < 3_000; round += 1) {
    const source = randomPattern(roll, 3);
    const flags = ['g', 'gi', 'gu', 'gy', 'gm'][roll(5)]!;
    const text = Array.from({ length: roll(12) }, () => 'abcA\n '[roll(6)]!).join('');
    if (!compile(readTree(source, flags)!, flags)) continue;
    const bounded = new BoundedRegExp(source, flags);
    // However short a text is, the browser's search is not to be used for it.
    Object.assign(bounded, { harmless: -1, harmful: 0 });
    const all = (regex: RegExp) => ({
      matches: Array.from(text.matchAll(regex), (match) => [match.index, ...match]),
      replaced: text.replace(regex, '[$&|$1|$`]'),
      split: text.split(regex),
      at: text.search(regex),
      last: [regex.exec(text)?.index, regex.lastIndex, regex.test(text), regex.lastIndex],
    });
    // `matchAll` and `split` copy the expression; what they copy must go the same way.
    const [expected, made] = [all(new RegExp(source, flags)), all(bounded)];
    done += 1;
    if (expected.matches.length > 1) several += 1;
    expect([seed, source, flags, text, made]).toEqual([seed, source, flags, text, expected]);
  }
  expect([done, several].map((count) => count > 500)).toEqual([true, true]);
});

const long = `${'a'.repeat(2_000)}!`;
test.each(['/(a+)+$/', '/^(a|aa)+$/', '/(?:a|a)*b/', '/(.*)*x/', '/a*a*a*a*a*b/', '/(?=(?:a+)+b)a/', '/^(?:.*,){11}P/', '/(?:a?){30}a{30}b/', '/^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z]+$/'])('%s ends', (written) => {
  const regex = readPattern(written);
  expect(long.search(regex)).toBe(-1);
});

test('a long text is found by the bounded search as by the browser', () => {
  const text = `${'a'.repeat(2_000)}b`;
  const regex = new BoundedRegExp('(a+)*(?<last>b)');
  expect(regex.exec(text)!.groups).toEqual({ last: 'b' });
  expect(text.replace(regex, '[$2]')).toBe('[b]');
  expect([...'xaab '.repeat(200).matchAll(new BoundedRegExp('(?:a+)+b', 'g'))]).toHaveLength(200);
  expect(`${text}-${text}`.replace(new BoundedRegExp('(?:a+)+b', 'g'), 'c')).toBe('c-c');
});

test.each([
  ['(a+)\\1+(\\w+)*$', true], ['(a*)*(b*)?', true], ['(?<=(a+)+)b', true], ['(?=(a*))*b', true], ['(?:(?:a{100}){100}){5}(a*)*', true],
  ['(a)\\1', false], ['(?<=instance=)\\w+', false], ['(?!.*test).*', false],
])('%s is refused: %j', (source, isRefused) => {
  const problems: string[] = [];
  expect(patternOf(`/${source}/`, (what) => problems.push(what)) === null).toBe(isRefused);
  expect(problems.map((what) => what.includes('it could take too long'))).toEqual(isRefused ? [true] : []);
});

test.each([
  ['^(.*)-(.*)$', 300], ['.*instance="([^"]*)".*', 300], ['foo|bar|baz', 5_000], ['^\\d{1,3}\\.\\d+', 1_000], ['/.*', 5_000], ['[^:]+:\\d+', 5_000],
])('%s is searched for by the browser in %d characters', (source, length) => {
  expect(waysToFail(readTree(source, '')!, '', length)).toBeLessThanOrEqual(100_000);
});

test('a text that is too long for the bounded search does not fit', () => {
  expect(new BoundedRegExp('(a*)*b').exec(`${'a'.repeat(5_000_000)}b`)).toBeNull();
});
