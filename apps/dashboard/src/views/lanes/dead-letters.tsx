import type { DeadLetter, LetterFilter } from '@weft/contract';
import { useState } from 'react';

import { ActionButton } from '../../actions/action-button.tsx';
import { startJob } from '../../actions/jobs.tsx';
import { api } from '../../api/session.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { useNow } from '../../parts/use-now.ts';
import { ago, plural } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { text, useSearch } from '../../router/search.ts';
import { reload, useResource } from '../../store/resource.ts';

const SEARCH = { workflow: text, node: text, code: text, lane: text };
const FIELDS = ['workflow', 'node', 'code', 'lane'] as const;
const MOST = 1000;

/** Failed tasks whose attempts are used up, by filter, and what can be done to all that it finds. */
export function DeadLetters() {
  const [search, setSearch] = useSearch(SEARCH);
  const filter = Object.fromEntries(
    FIELDS.flatMap((field) => (search[field] ? [[field, search[field]]] : [])),
  ) as LetterFilter;
  const letters = useResource(`letters:${JSON.stringify(filter)}`, () =>
    api().deadLetters.list({ ...filter, limit: 100 }),
  );
  const [asked, setAsked] = useState<'retry' | 'discard' | null>(null);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <div className="stack">
      <div className="filter">
        {FIELDS.map((field) => (
          <label key={field} className="row">
            {field}
            <input
              value={search[field] ?? ''}
              onChange={(event) => setSearch({ [field]: event.target.value }, { isReplaced: true })}
            />
          </label>
        ))}
      </div>
      <Loaded of={letters}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty title={isFiltered ? 'No dead letter fits this filter' : '✓ No dead letters'}>
              <p>A task whose attempts are used up waits here until somebody retries or discards it.</p>
            </Empty>
          ) : (
            <>
              <div className="row">
                <strong>
                  {plural(items.length, 'letter')}
                  {nextCursor !== null && ' and more'}
                </strong>
                <button type="button" className="main" onClick={() => setAsked('retry')}>
                  Retry all that fit…
                </button>
                <button type="button" className="danger" onClick={() => setAsked('discard')}>
                  Discard all that fit…
                </button>
              </div>
              <Letters items={items} />
            </>
          )
        }
      </Loaded>
      {asked && <ManyDialog action={asked} filter={filter} onClose={() => setAsked(null)} />}
    </div>
  );
}

function Letters({ items }: { items: readonly DeadLetter[] }) {
  const now = useNow(10_000);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">Workflow</th>
          <th scope="col">Error</th>
          <th scope="col">Attempts</th>
          <th scope="col">Failed</th>
          <th scope="col">Actions</th>
        </tr>
      </thead>
      <tbody>
        {items.map((letter) => (
          <tr key={letter.taskId}>
            <td>
              <Link href={hrefOf('run', { id: letter.runId }, { task: letter.key })}>{letter.key}</Link>
            </td>
            <td>{letter.workflow.name}</td>
            <td>
              <strong>{letter.error?.code}</strong> {letter.error?.message}
            </td>
            <td className="number">{letter.failures + letter.crashes}</td>
            <td>{letter.failedAt === null ? '' : ago(letter.failedAt, now)}</td>
            <td>
              <LetterActions id={letter.taskId} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LetterActions({ id }: { id: string }) {
  const action = (verb: 'retry' | 'discard', label: string, said: string, question?: string) => ({
    label,
    cli: `npx weft dead ${verb} ${id}`,
    ...(question !== undefined && { question }),
    perform: async () => {
      await api().deadLetters[verb](id);
      reload('letters:');
      return said;
    },
  });
  return (
    <div className="row">
      <ActionButton action={action('retry', 'Retry', 'The task is done again')} />
      <ActionButton
        action={action(
          'discard',
          'Discard',
          'The letter is put away',
          'It is no longer listed. The journal keeps it, and it can still be retried by its id.',
        )}
      />
    </div>
  );
}

type ManyProps = { action: 'retry' | 'discard'; filter: LetterFilter; onClose: () => void };

/** Counts what the filter finds, then does it to each as a job with a name. */
function ManyDialog({ action, filter, onClose }: ManyProps) {
  const found = useResource(`letters-many:${action}:${JSON.stringify(filter)}`, () => {
    const { deadLetters } = api();
    const dry = { limit: MOST, dryRun: true };
    return action === 'retry' ? deadLetters.retryMany(filter, dry) : deadLetters.discardMany(filter, dry);
  });
  const where = Object.entries(filter).map(([field, value]) => `--${field} ${value}`);
  const [name, setName] = useState(
    `${action === 'retry' ? 'Retry' : 'Discard'} ${where.join(' ').replaceAll('--', '') || 'all dead letters'}`,
  );
  const items = found.data?.items ?? [];
  const start = async () => {
    onClose();
    await startJob(name, items, {
      act: ({ taskId }) => api().deadLetters[action](taskId),
      nameOf: ({ node, taskId }) => `${node} ${taskId}`,
    });
    reload('letters:');
  };
  return (
    <Dialog title={action === 'retry' ? 'Retry dead letters' : 'Discard dead letters'} onClose={onClose}>
      {found.error !== null && <ProblemNote error={found.error} />}
      <p>
        {found.data === null
          ? 'Counting…'
          : `The filter finds ${plural(items.length, 'letter')}${found.data.more ? `, and more: the first ${MOST} are taken` : ''}.`}{' '}
        {action === 'retry'
          ? 'Each is done again; runs that have ended are reopened.'
          : 'None of them is listed any more.'}
      </p>
      <label className="field">
        Name of the job
        <input value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <CliLine line={['npx weft dead', action, ...(where.length > 0 ? where : ['--all'])].join(' ')} />
      <footer>
        <button type="button" onClick={onClose}>
          Leave them
        </button>
        <button
          type="button"
          className={action === 'retry' ? 'main' : 'danger'}
          disabled={items.length === 0}
          onClick={() => void start()}
        >
          Start the job
        </button>
      </footer>
    </Dialog>
  );
}
