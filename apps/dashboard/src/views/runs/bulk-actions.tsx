import { useState } from 'react';

import { startJob } from '../../actions/jobs.tsx';
import { api } from '../../api/session.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { plural, shortId } from '../../parts/words.ts';
import type { RunRow } from './use-run-list.ts';

type Bulk = 'retry' | 'cancel';

const APPLIES: Readonly<Record<Bulk, (row: RunRow) => boolean>> = {
  retry: ({ status }) => status === 'failed',
  cancel: ({ status }) => status === 'pending' || status === 'running' || status === 'interrupted',
};

/** What can be done to the chosen runs at once, each as a job with a name. */
export function BulkActions({ chosen, clear }: { chosen: readonly RunRow[]; clear: () => void }) {
  const [asked, setAsked] = useState<Bulk | null>(null);
  if (chosen.length === 0) return null;
  return (
    <div className="row" role="group" aria-label="Chosen runs">
      <strong>{plural(chosen.length, 'run')} chosen</strong>
      {(['retry', 'cancel'] as const).map((bulk) => {
        const many = chosen.filter(APPLIES[bulk]).length;
        const name = bulk === 'retry' ? `Retry ${many} failed` : `Cancel ${many} live`;
        return (
          <button
            key={bulk}
            type="button"
            className={bulk === 'cancel' ? 'danger' : 'main'}
            disabled={many === 0}
            onClick={() => setAsked(bulk)}
          >
            {name}
          </button>
        );
      })}
      <button type="button" onClick={clear}>
        Choose none
      </button>
      {asked && (
        <BulkDialog bulk={asked} rows={chosen.filter(APPLIES[asked])} onClose={() => setAsked(null)} onDone={clear} />
      )}
    </div>
  );
}

type DialogProps = { bulk: Bulk; rows: readonly RunRow[]; onClose: () => void; onDone: () => void };

function BulkDialog({ bulk, rows, onClose, onDone }: DialogProps) {
  const title = bulk === 'retry' ? `Retry ${plural(rows.length, 'run')}` : `Cancel ${plural(rows.length, 'run')}`;
  const [name, setName] = useState(title);
  const start = () => {
    void startJob(name, rows, {
      act: ({ id }) => (bulk === 'retry' ? api().runs.retry(id) : api().runs.cancel(id)),
      nameOf: ({ id, workflow }) => `${workflow.name} ${shortId(id)}`,
    });
    onDone();
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>
        {bulk === 'retry'
          ? 'What failed in each of them is done again; what had succeeded stays.'
          : 'Each of them ends at once, and what it runs is stopped. That cannot be undone; a cancelled run can be forked.'}
      </p>
      <label className="field">
        Name of the job
        <input value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <p className="soft">The same from a terminal, run by run:</p>
      <CliLine
        line={`for run in ${rows
          .slice(0, 3)
          .map(({ id }) => id)
          .join(' ')}${rows.length > 3 ? ' …' : ''}; do npx weft ${bulk} $run; done`}
      />
      <footer>
        <button type="button" onClick={onClose}>
          Keep them as they are
        </button>
        <button type="button" className={bulk === 'cancel' ? 'danger' : 'main'} onClick={start}>
          Start the job
        </button>
      </footer>
    </Dialog>
  );
}
