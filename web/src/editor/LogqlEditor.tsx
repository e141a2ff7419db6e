import { useState } from 'react';
import { logql } from './logql';
import type { EditorProps } from './QueryEditor';
import { QueryEditor } from './QueryEditor';

export default function LogqlEditor(props: Omit<EditorProps, 'language'>) {
  const [extension] = useState(logql);
  return <QueryEditor {...props} language="logql" extension={extension} example={'Whose lines, such as {app="api"} |= "timeout"'} />;
}
