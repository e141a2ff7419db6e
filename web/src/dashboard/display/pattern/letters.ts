/** Whether a part of a pattern that stands for one character fits one: asked of the browser, and remembered. */

export type Fits = (letter: string) => boolean;

/** Remembered characters of one part; texts of people have few different ones. */
const mostKnown = 2_000;

export function fitter(source: string, flags: string): Fits {
  const regex = new RegExp(`^(?:${source})$`, flags.replace(/[^isu]/g, ''));
  const known = new Map<string, boolean>();
  return (letter) => {
    let fits = known.get(letter);
    if (fits === undefined) {
      if (known.size >= mostKnown) known.clear();
      known.set(letter, (fits = regex.test(letter)));
    }
    return fits;
  };
}
