import { Button, CopyButton } from '@mantine/core';
import { Empty } from '../../parts/Answer';

const snippet = `export OTEL_SERVICE_NAME=my-service
export OTEL_TRACES_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=grpc
export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317`;

/** Says how to send traces where there are none. */
export function NoTraces({ range, onChange }: { range: number; onChange: (next: { range: number }) => void }) {
  return (
    <Empty title="No traces arrived in this range">
      <p>
        Send OTLP to <code>127.0.0.1:4317</code> (gRPC), or to <code>http://127.0.0.1:4318/v1/traces</code> (HTTP). Any OpenTelemetry SDK does so when it is told in its environment:
      </p>
      <pre className="code otlp-snippet">{snippet}</pre>
      <p>A file with traces (JSON of OTLP, Jaeger or Zipkin) can be dropped on this page. It is read in this browser and not sent anywhere.</p>
      <div className="row wrap" style={{ justifyContent: 'center' }}>
        <CopyButton value={snippet}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={() => onChange({ range: Math.min(range * 4, 31_536_000) })}>
          Look four times as far back
        </Button>
      </div>
    </Empty>
  );
}
