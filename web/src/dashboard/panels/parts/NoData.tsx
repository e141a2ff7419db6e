import './parts.css';

/** What stands in the middle of a panel that has nothing to show. */
export function NoData({ text }: { text?: string }) {
  return (
    <div className="panel-empty" role="status">
      {text || 'No data'}
    </div>
  );
}
