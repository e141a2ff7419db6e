import { useState } from 'react';
import type { EditorProps } from './QueryEditor';
import { QueryEditor } from './QueryEditor';
import { traceql } from './traceql';

export default function TraceqlEditor(props: Omit<EditorProps, 'language'>) {
  const [extension] = useState(traceql);
  return <QueryEditor {...props} language="traceql" extension={extension} example={'Spans, such as { resource.service.name = "api" && duration > 100ms }'} />;
}
