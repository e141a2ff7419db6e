import type { KeyValue, RawSpan } from '../otlp';
import { Fields, quoted } from './fault';
import type { Foreign, Known } from './foreign';
import { rawSpan, Tags } from './foreign';

/** Namespaces of tags that say something of the process rather than of the span. */
const ofResource = /^(cloud|container|deployment|device|host|k8s|os|process|service|telemetry)\./;
/** OTLP's numbers of Zipkin's kinds. */
const kinds = new Map([
  ['', 0],
  ['SERVER', 2],
  ['CLIENT', 3],
  ['PRODUCER', 4],
  ['CONSUMER', 5],
]);

/**
 * A span of Zipkin's v2 format, times in microseconds: https://zipkin.io/zipkin-api/. What tags mean is as in the
 * OpenTelemetry collector: https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/zipkin
 */
export function readZipkin(given: unknown, at: string, known: Known, add: (span: RawSpan) => void) {
  const span = Fields.of(given, () => {
    const { name, id } = Object(given) as Record<string, unknown>;
    const told = [name, id].filter((each) => typeof each === 'string' && each !== '').join(', ');
    return `${at}${told ? ` (${told})` : ''}`;
  });
  if (span.has('binaryAnnotations')) span.wrong('it has `binaryAnnotations`, as Zipkin’s format v1; only v2 is read');
  const kind = kinds.get(span.text('kind')) ?? span.wrong(`\`kind\` is none of CLIENT, SERVER, PRODUCER and CONSUMER: ${quoted(span.json.kind)}`);
  const tags = new Tags(Object.entries(span.object('tags').json).map(([key, value]) => ({ key, value: { stringValue: typeof value === 'string' ? value : JSON.stringify(value) } })));
  const spanId = span.ownId('id', 16);
  const parentId = span.id('parentId', 16);
  const made: Foreign = {
    traceId: span.ownId('traceId', 32),
    spanId,
    // A root may name itself.
    parentId: parentId === spanId ? '' : parentId,
    name: span.text('name'),
    kind: kind === 0 && tags.text('span.kind') === 'internal' ? 1 : kind,
    begin: span.micros('timestamp'),
    duration: span.micros('duration'),
    status: {},
    tags,
    events: span.list('annotations').map((each, number) => {
      const annotation = Fields.of(each, () => `${span.where()}, \`annotations[${number}]\``);
      return { time: annotation.micros('timestamp'), name: annotation.text('value'), attributes: [] };
    }),
    links: [],
  };
  if (made.kind === 1) tags.take('span.kind');
  if (made.begin === 0n) {
    made.begin = made.events.reduce((least, { time }) => (time > 0n && (least === 0n || time < least) ? time : least), 0n);
    tags.add('otel.zipkin.absentField.startTime', { boolValue: true });
  }
  made.status = statusOf(tags);
  const [local, remote] = [span.object('localEndpoint'), span.object('remoteEndpoint')];
  const resource: KeyValue[] = local.text('serviceName') === '' ? [] : [{ key: tags.takeText('otlp.service.name.source') || 'service.name', value: { stringValue: local.text('serviceName') } }];
  const scope = known.scope(tags);
  for (const { key } of tags.list.filter((each) => ofResource.test(each.key))) resource.push({ key, value: tags.take(key)! });
  endpointTags(local, ['', 'net.host.ip', 'net.host.port'], tags);
  endpointTags(remote, ['peer.service', 'net.peer.ip', 'net.peer.port'], tags);
  add(rawSpan(made, known.resource(resource), scope));
}

function statusOf(tags: Tags): Foreign['status'] {
  const told = tags.takeText('otel.status_code')?.replace('STATUS_CODE_', '');
  const message = told === undefined ? '' : (tags.takeText('otel.status_description') ?? '');
  const error = tags.text('error');
  if (error === 'true') tags.take('error');
  // What went wrong may stand in the tag, and stays.
  const code = error !== undefined && error !== 'false' ? 2 : ['OK', 'ERROR'].indexOf(told ?? '') + 1;
  return { ...(code > 0 ? { code } : {}), ...(message ? { message } : {}) };
}

function endpointTags(endpoint: Fields, [service, address, port]: [string, string, string], tags: Tags) {
  const name = endpoint.text('serviceName');
  if (service !== '' && name !== '') tags.add(service, { stringValue: name });
  const ip = endpoint.text('ipv4') || endpoint.text('ipv6');
  if (ip !== '') tags.add(address, { stringValue: ip });
  const number = endpoint.json.port;
  if (typeof number === 'number' && number > 0) tags.add(port, { intValue: String(Math.trunc(number)) });
}
