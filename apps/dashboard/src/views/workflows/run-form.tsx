import type { Json, Workflow } from '@weft/contract';
import { useState } from 'react';
import type { FormEvent } from 'react';

import { perform } from '../../actions/action.ts';
import { api } from '../../api/session.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { initialValue, SchemaField } from '../../parts/schema-form.tsx';
import type { FormSchema } from '../../parts/schema-form.tsx';
import { go, hrefOf } from '../../router/router.ts';

/** A form made of the input schema of the workflow, that starts it. */
export function RunForm({ workflow: { name, version, document } }: { workflow: Workflow }) {
  const schema = (document.input ?? { type: 'object', properties: {} }) as FormSchema;
  const [input, setInput] = useState<Json | undefined>(() => initialValue(schema) ?? {});
  const inputs = Object.entries((input ?? {}) as Record<string, Json>);
  const cli = `npx weft run ${name}${inputs.map(([key, value]) => ` -i '${key}=${typeof value === 'string' ? value : JSON.stringify(value)}'`).join('')} --watch`;
  const start = async () => {
    const run = await api().runs.start({ workflow: { name, version }, input: input ?? {} });
    go(hrefOf('run', { id: run.id }));
    return 'The run has begun';
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void perform({ label: 'Start', cli, perform: start });
  };
  const isEmpty = Object.keys(schema.properties ?? {}).length === 0;
  return (
    <form className="card form" onSubmit={submit}>
      {isEmpty && schema.type === 'object' ? (
        <p>This workflow asks for nothing; input that is given all the same can be read by its nodes.</p>
      ) : null}
      {isEmpty ? (
        <SchemaField name="Input" schema={{}} isRequired={false} value={input} onChange={setInput} />
      ) : (
        <SchemaField name="Input" schema={schema} isRequired value={input} onChange={setInput} />
      )}
      <CliLine line={cli} />
      <div className="row">
        <button className="main">Start a run</button>
      </div>
    </form>
  );
}
