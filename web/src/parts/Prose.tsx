/** A sentence of the server, in which `code` stands between backticks. */
export function Prose({ text }: { text: string }) {
  return text.split(/`([^`\n]+)`/).map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
