import { expect, test } from 'vitest';
import { colorByName, colorOf, continuousSchemes, contrast, paletteColor, rgbOf, schemeColor, textOn, withAlpha } from '.';
import { shadeOf } from './schemes';

const hues = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'];
const shades = ['dark-', 'semi-dark-', '', 'light-', 'super-light-'];

test.each([
  ['green', true, '#73BF69'], ['green', false, '#56A64B'], ['semi-dark-red', true, '#E02F44'], ['dark-blue', false, '#1250B0'], ['super-light-yellow', true, '#FFF899'],
  ['transparent', true, 'transparent'], ['', true, 'transparent'], ['#abc', true, '#abc'], ['rgba(1, 2, 3, 0.5)', false, 'rgba(1, 2, 3, 0.5)'], ['gray', true, 'gray'], ['text', false, '#1b2423'],
])('%s on dark %s', (name, isDark, css) => {
  expect(colorOf(name, isDark)).toBe(css);
});

test('every named colour is a colour of its own, and lighter names are lighter', () => {
  for (const isDark of [true, false]) {
    const all = hues.flatMap((hue) => shades.map((shade) => colorOf(shade + hue, isDark)));
    expect(new Set(all).size).toBe(30);
    for (const hue of hues) {
      const onBlack = shades.map((shade) => contrast(colorOf(shade + hue, isDark), '#000000'));
      expect([...onBlack].sort((a, b) => a - b)).toEqual(onBlack);
    }
  }
});

test('the palette has 56 colours and begins again', () => {
  expect(new Set(Array.from({ length: 56 }, (_, at) => paletteColor(at, true))).size).toBe(56);
  expect([paletteColor(56, true), paletteColor(-1, true), paletteColor(NaN, true)]).toEqual([paletteColor(0, true), paletteColor(55, true), paletteColor(0, true)]);
  expect([0, 1, 2, 9].map((at) => paletteColor(at, true))).toEqual(['#73BF69', '#F2CC0C', '#8AB8FF', '#FADE2A']);
});

test('a name keeps its colour', () => {
  expect(colorByName('api', true)).toBe(colorByName('api', true));
  expect(new Set(['api', 'web', 'db', 'cache', 'queue'].map((name) => colorByName(name, true))).size).toBeGreaterThan(3);
});

test.each<[string, ReturnType<typeof rgbOf>]>([
  ['#f80', [255, 136, 0, 1]], ['#ff880080', [255, 136, 0, 128 / 255]], ['rgb(1, 2, 3)', [1, 2, 3, 1]], ['rgba(1,2,3,.5)', [1, 2, 3, 0.5]], ['rgb(10% 20% 30% / 50%)', [25.5, 51, 76.5, 0.5]],
  ['hsl(120, 100%, 50%)', [0, 255, 0, 1]], ['transparent', [0, 0, 0, 0]], ['White', [255, 255, 255, 1]], ['nonsense', undefined], ['rgb(1,2)', undefined], ['#12', undefined], ['rgb(a,b,c)', undefined],
])('the channels of %s', (css, expected) => {
  expect(rgbOf(css)).toEqual(expected);
});

test('schemes run from their first to their last colour and never leave them', () => {
  for (const isDark of [true, false]) {
    for (const [mode, { colors }] of Object.entries(continuousSchemes)) {
      const at = (share: number) => rgbOf(schemeColor(mode, share, isDark)!)!.map(Math.round);
      expect([at(0), at(-3), at(NaN)], mode).toEqual([0, 0, 0].map(() => rgbOf(colorOf(colors[0]!, isDark))));
      expect([at(1), at(7)], mode).toEqual([0, 0].map(() => rgbOf(colorOf(colors.at(-1)!, isDark))));
    }
  }
  expect(schemeColor('continuous-BlPu', 0.5, true)).toBe('#8885e5');
  expect(schemeColor('thresholds', 0.5, true)).toBeUndefined();
});

test('text on a coloured ground can be read', () => {
  for (const isDark of [true, false]) {
    for (const hue of hues) for (const shade of shades) expect(contrast(textOn(colorOf(shade + hue, isDark), isDark), colorOf(shade + hue, isDark)), shade + hue).toBeGreaterThan(4.5);
    for (let at = 0; at < 56; at += 1) expect(contrast(textOn(paletteColor(at, isDark)), paletteColor(at, isDark))).toBeGreaterThan(4.5);
  }
  expect([textOn('transparent', true), textOn('transparent', false), textOn('rgba(0,0,0,0.05)', false), textOn('nonsense', true)]).toEqual(['#ffffff', '#000000', '#000000', '#ffffff']);
});

test('opacity and shades', () => {
  expect([withAlpha('#ff8800', 0.25), withAlpha('#ff880080', 1), withAlpha('nonsense', 0.5)]).toEqual(['rgba(255, 136, 0, 0.25)', '#ff8800', 'nonsense']);
  expect(new Set(Array.from({ length: 10 }, (_, at) => shadeOf('#3274D9', at))).size).toBe(10);
  expect([shadeOf('#3274d9', 0), shadeOf('#3274d9', 10)]).toEqual(['#3274d9', '#3274d9']);
});
