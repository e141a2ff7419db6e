/** Files for tests, shaped as the formats’ documentation shows them. */

/** What Jaeger’s UI downloads: https://www.jaegertracing.io/docs/latest/architecture/apis/ and its model of the UI. */
export const jaeger = {
  data: [
    {
      traceID: '3f1a2b3c4d5e6f70',
      spans: [
        {
          traceID: '3f1a2b3c4d5e6f70',
          spanID: '3f1a2b3c4d5e6f7',
          flags: 1,
          operationName: 'HTTP GET /dispatch',
          references: [],
          startTime: 1733130000000123,
          duration: 757894,
          tags: [
            { key: 'span.kind', type: 'string', value: 'server' },
            { key: 'sampler.param', type: 'bool', value: true },
            { key: 'http.status_code', type: 'int64', value: 200 },
            { key: 'load', type: 'float64', value: 0.5 },
            { key: 'body', type: 'binary', value: 'AQI=' },
            { key: 'otel.scope.name', type: 'string', value: 'net/http' },
            { key: 'otel.scope.version', type: 'string', value: '1.2' },
          ],
          logs: [
            {
              timestamp: 1733130000000128,
              fields: [
                { key: 'event', type: 'string', value: 'HTTP request received' },
                { key: 'level', type: 'string', value: 'info' },
                { key: 'method', type: 'string', value: 'GET' },
              ],
            },
            { timestamp: 1733130000000129, fields: [{ key: 'message', type: 'string', value: 'no event' }] },
          ],
          processID: 'p1',
          warnings: ['clock skew'],
        },
        {
          traceID: '3f1a2b3c4d5e6f70',
          spanID: 'b2',
          operationName: 'FindNearest',
          references: [{ refType: 'CHILD_OF', traceID: '3f1a2b3c4d5e6f70', spanID: '3f1a2b3c4d5e6f7' }],
          startTime: 1733130000010373,
          duration: 215500,
          tags: [{ key: 'span.kind', type: 'string', value: 'client' }],
          logs: [],
          processID: 'p2',
          warnings: null,
        },
        {
          traceID: '3f1a2b3c4d5e6f70',
          spanID: 'c3',
          operationName: 'GetDriver',
          references: [{ refType: 'CHILD_OF', traceID: '3f1a2b3c4d5e6f70', spanID: 'b2' }],
          startTime: 1733130000020123,
          duration: 13000,
          tags: [
            { key: 'error', type: 'bool', value: true },
            { key: 'otel.status_description', type: 'string', value: 'redis timeout' },
            { key: 'driver', type: 'string', value: 'T7' },
          ],
          logs: null,
          processID: 'p3',
        },
        {
          traceID: '3f1a2b3c4d5e6f70',
          spanID: 'd4',
          operationName: 'report',
          references: [
            { refType: 'FOLLOWS_FROM', traceID: '3f1a2b3c4d5e6f70', spanID: '3f1a2b3c4d5e6f7' },
            { refType: 'CHILD_OF', traceID: 'aaaabbbbccccddddaaaabbbbccccdddd', spanID: '1111222233334444' },
          ],
          startTime: 1733130000300123,
          duration: 5000,
          tags: [],
          logs: [],
          processID: 'p1',
        },
      ],
      processes: {
        p1: {
          serviceName: 'frontend',
          tags: [
            { key: 'hostname', type: 'string', value: 'm1' },
            { key: 'ip', type: 'string', value: '10.0.0.1' },
          ],
        },
        p2: { serviceName: 'driver', tags: [] },
        p3: { serviceName: 'redis' },
      },
      warnings: null,
    },
  ],
  total: 0,
  limit: 0,
  offset: 0,
  errors: null,
};

/** A client and a server that share the id of a span, and a local span without a time: https://zipkin.io/zipkin-api/ */
export const zipkin = [
  {
    traceId: '5982fe77008310cc80f1da5e10147517',
    id: '90394f6bcffb5d13',
    kind: 'CLIENT',
    name: 'get /api',
    timestamp: 1458702548467000,
    duration: 40000,
    localEndpoint: { serviceName: 'frontend', ipv4: '127.0.0.1' },
    remoteEndpoint: { serviceName: 'backend', ipv4: '192.168.99.101', port: 9000 },
    annotations: [{ timestamp: 1458702548468000, value: 'ws' }],
    tags: { 'http.path': '/api', 'host.name': 'web-1' },
  },
  {
    traceId: '5982fe77008310cc80f1da5e10147517',
    id: '90394f6bcffb5d13',
    kind: 'SERVER',
    name: 'get /api',
    timestamp: 1458702548472000,
    duration: 30000,
    localEndpoint: { serviceName: 'backend' },
    remoteEndpoint: { ipv6: '::1' },
    shared: true,
  },
  {
    traceId: '5982fe77008310cc80f1da5e10147517',
    parentId: '90394f6bcffb5d13',
    id: 'ab',
    name: 'select',
    duration: 20000,
    localEndpoint: { serviceName: 'backend' },
    annotations: [
      { timestamp: 1458702548478000, value: 'row' },
      { timestamp: 1458702548477000, value: 'sent' },
    ],
    tags: { error: 'no such table' },
  },
];

const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'api' } }] };
const scope = { name: 'sql', version: '2' };

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export const otlp = {
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope,
          spans: [
            { traceId: '5B8EFFF798038103D269B633813FC60C', spanId: 'EEE19B7EC3C1B174', name: 'GET /users', kind: 2, startTimeUnixNano: '1544712660000000000', endTimeUnixNano: '1544712660000500000', attributes: [{ key: 'my.span.attr', value: { stringValue: 'some value' } }] },
            {
              traceId: '5B8EFFF798038103D269B633813FC60C',
              spanId: 'EEE19B7EC3C1B173',
              parentSpanId: 'EEE19B7EC3C1B174',
              name: 'select',
              kind: 3,
              startTimeUnixNano: '1544712660000100000',
              endTimeUnixNano: '1544712660000300000',
              events: [{ timeUnixNano: '1544712660000200000', name: 'row', attributes: [] }],
              status: { code: 2, message: 'gone' },
            },
          ],
        },
      ],
    },
  ],
};

/** The same trace as Tempo writes it: https://grafana.com/docs/tempo/latest/api_docs/#query */
export const tempo = {
  batches: [
    {
      resource,
      scopeSpans: [
        {
          scope,
          spans: [
            { traceId: 'W47/95gDgQPSabYzgT/GDA==', spanId: '7uGbfsPBsXQ=', name: 'GET /users', kind: 'SPAN_KIND_SERVER', startTimeUnixNano: '1544712660000000000', endTimeUnixNano: '1544712660000500000' },
            { traceId: 'W47/95gDgQPSabYzgT/GDA==', spanId: '7uGbfsPBsXM=', parentSpanId: '7uGbfsPBsXQ=', name: 'select', kind: 'SPAN_KIND_CLIENT', startTimeUnixNano: '1544712660000100000', endTimeUnixNano: '1544712660000300000', status: { code: 'STATUS_CODE_ERROR' } },
          ],
        },
      ],
    },
  ],
};
