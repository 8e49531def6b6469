import type { Interrupt, Json } from '@weft/contract';
import { useState } from 'react';
import type { FormEvent } from 'react';

import { perform } from '../../actions/action.ts';
import { api } from '../../api/session.ts';
import type { Flush } from '../../live/protocol.ts';
import { useTopic } from '../../live/use-topic.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { initialValue, SchemaField } from '../../parts/schema-form.tsx';
import type { FormSchema } from '../../parts/schema-form.tsx';
import { useNow } from '../../parts/use-now.ts';
import { ago } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { text, useSearch } from '../../router/search.ts';
import { reload, useResource } from '../../store/resource.ts';

const SEARCH = { run: text };

/** Questions that runs ask people, each with a form for its answer. */
export function ApprovalsView() {
  const [{ run }] = useSearch(SEARCH);
  const questions = useResource('interrupts', () => api().interrupts.list({ limit: 100 }));
  useTopic('runs', ({ events, snapshot }: Flush) => {
    const asks = ({ data }: { data: unknown }) => (data as { status?: string } | null)?.status === 'interrupted';
    if (snapshot === null && events.some(asks)) questions.reload();
  });
  const [by, setBy] = useState('');
  return (
    <Page title="Approvals">
      <label className="row">
        You are
        <input value={by} placeholder="kept with your answers" onChange={(event) => setBy(event.target.value)} />
      </label>
      <Loaded of={questions}>
        {({ items }) => {
          const shown = items.filter((one) => run === null || one.runId === run);
          if (shown.length === 0)
            return (
              <Empty title="Nobody waits for an answer" cli={['npx weft run examples/approval']}>
                <p>
                  A node of the type <code>interrupt</code> asks a person and waits, for days if need be. Its{' '}
                  <code>answerSchema</code> becomes the form that is shown here.
                </p>
              </Empty>
            );
          return (
            <div className="grid">
              {shown.map((question) => (
                <Question key={question.id} question={question} by={by} />
              ))}
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Question({ question, by }: { question: Interrupt; by: string }) {
  const { id, runId, node, key, at, message, answerSchema, createdAt, expiresAt } = question;
  const now = useNow(10_000);
  return (
    <article className="card stack" aria-label={`Question of ${node}`}>
      <h2>{message ?? (at === 'node' ? node : `Breakpoint ${at} ${node}`)}</h2>
      <p className="soft">
        {key} of <Link href={hrefOf('run', { id: runId }, { task: key })}>its run</Link>, asked {ago(createdAt, now)}
        {expiresAt !== null && `, expires ${new Date(expiresAt).toLocaleString()}`}
      </p>
      {at === 'node' ? (
        <AnswerForm id={id} runId={runId} schema={answerSchema ?? { type: 'boolean', title: 'Approve' }} by={by} />
      ) : (
        <PassButton runId={runId} />
      )}
    </article>
  );
}

type AnswerProps = { id: string; runId: string; schema: FormSchema; by: string };

function AnswerForm({ id, runId, schema, by }: AnswerProps) {
  const [value, setValue] = useState<Json | undefined>(() => initialValue(schema));
  const cli = `npx weft answer ${runId} ${id} --value '${JSON.stringify(value ?? null)}'${by === '' ? '' : ` --by ${by}`}`;
  const answer = async (given: Json) => {
    const act = async () => {
      await api().runs.answer(runId, id, given, by === '' ? {} : { user: by });
      reload('interrupts');
      return 'The answer is taken; the run goes on';
    };
    await perform({ label: 'Answer', cli, perform: act });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void answer(value ?? null);
  };
  const isYesOrNo = schema.type === 'boolean';
  return (
    <form className="form" onSubmit={submit}>
      {isYesOrNo ? (
        <div className="row">
          <button type="button" className="main" onClick={() => void answer(true)}>
            Approve
          </button>
          <button type="button" className="danger" onClick={() => void answer(false)}>
            Reject
          </button>
        </div>
      ) : (
        <>
          <SchemaField name="Answer" schema={schema} isRequired value={value} onChange={setValue} />
          <button className="main">Answer</button>
        </>
      )}
      <CliLine line={cli} />
    </form>
  );
}

function PassButton({ runId }: { runId: string }) {
  const pass = async () => {
    await api().runs.resume(runId);
    reload('interrupts');
    return 'The breakpoint is passed';
  };
  return (
    <button
      type="button"
      className="main"
      onClick={() => void perform({ label: 'Pass', cli: `npx weft resume ${runId}`, perform: pass })}
    >
      Pass the breakpoint
    </button>
  );
}
