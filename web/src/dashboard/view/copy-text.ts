/** Into the clipboard; without HTTPS the browser lends none, and the text is shown to be copied by hand. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    window.prompt(what, text);
  }
}
