import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useState } from 'react';
import type { EditorProps } from './QueryEditor';
import { QueryEditor } from './QueryEditor';

const make = () => new PromQLExtension().activateLinter(false).setComplete({ remote: { url: '', httpMethod: 'GET' } }).asExtension();

export default function PromqlEditor(props: EditorProps) {
  const [extension] = useState(make);
  return <QueryEditor {...props} extension={extension} example="An expression, such as up or rate(http_requests_total[5m])" />;
}
