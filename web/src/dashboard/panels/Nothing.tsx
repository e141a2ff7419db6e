/** In the middle of a panel that has nothing to show. */
export function Nothing({ width, height, text = 'No data' }: { width: number; height: number; text?: string }) {
  return (
    <div className="dim" style={{ width, height, display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center', padding: '0 1rem', boxSizing: 'border-box' }}>
      {text}
    </div>
  );
}
