const encoder = new TextEncoder();

/** The UTF-16 index, which editors count in, of a byte offset, which the server counts in. Clamped to the text. */
export function indexOfByte(text: string, offset: number): number {
  if (offset <= 0) return 0;
  let bytes = 0;
  let index = 0;
  for (const character of text) {
    if (bytes >= offset) break;
    bytes += encoder.encode(character).length;
    index += character.length;
  }
  return index;
}
