/** A name that every file system takes. */
export const fileName = (text: string): string => text.replace(/[^\p{L}\p{N} ._()-]+/gu, '-');

/** Hands something to the browser as a file to keep. */
export function saveFile(name: string, content: Blob | string, type = 'text/plain') {
  const address = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads it after this returns.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
