/** Into the clipboard; without HTTPS the browser lends none, and the text is shown to be copied by hand. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    window.prompt(what, text);
  }
}

/** Out of the clipboard; where the browser does not lend it, somebody pastes it by hand. `null` when nobody does. */
export async function pastedText(what: string): Promise<string | null> {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return window.prompt(what);
  }
}
