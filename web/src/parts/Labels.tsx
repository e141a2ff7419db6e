/** A set of labels as tags, `without` some names. */
export function Labels({ labels, without = [] }: { labels: Record<string, string>; without?: string[] }) {
  const names = Object.keys(labels)
    .filter((name) => !without.includes(name))
    .sort();
  if (names.length === 0) return null;
  return (
    <span className="tags">
      {names.map((name) => (
        <span className="tag" key={name}>
          <span>
            <b>{name}=</b>
            {labels[name]}
          </span>
        </span>
      ))}
    </span>
  );
}
