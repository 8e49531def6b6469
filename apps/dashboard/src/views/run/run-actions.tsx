import type { Json, JsonObject, Run } from '@weft/contract';
import { useState } from 'react';

import { perform } from '../../actions/action.ts';
import { ActionButton } from '../../actions/action-button.tsx';
import { api } from '../../api/session.ts';
import { useShortcuts } from '../../keyboard/shortcuts.ts';
import { Link } from '../../router/link.tsx';
import { go, hrefOf } from '../../router/router.ts';
import { reload } from '../../store/resource.ts';
import { EditDialog } from './edit-dialog.tsx';
import { SignalDialog } from './signal-dialog.tsx';
import { changesCli } from './state-changes.ts';

type Open = 'rerun' | 'signal' | null;

/** What can be done with a run in its present status. */
export function RunActions({ run }: { run: Run }) {
  const [open, setOpen] = useState<Open>(null);
  const { id, status } = run;
  const isLive = status === 'pending' || status === 'running' || status === 'interrupted';
  const retry = {
    label: 'Retry from the failed step',
    cli: `npx weft retry ${id}`,
    perform: async () => {
      await api().runs.retry(id);
      reload(`run:${id}`);
      return 'What failed is done again';
    },
  };
  const cancel = {
    label: 'Cancel',
    cli: `npx weft cancel ${id}`,
    question:
      'The run ends at once, and what it runs is stopped. That cannot be undone; what it has done stays to be seen.',
    perform: async () => {
      await api().runs.cancel(id);
      reload(`run:${id}`);
      return 'The run is cancelled';
    },
  };
  useShortcuts([{ keys: 'R', label: 'Retry what failed', act: () => status === 'failed' && void perform(retry) }]);
  return (
    <div className="row">
      {status === 'failed' && <ActionButton action={retry} isMain />}
      {status === 'interrupted' && <Link href={hrefOf('approvals', {}, { run: id })}>Answer its questions</Link>}
      <button type="button" onClick={() => setOpen('rerun')}>
        Rerun…
      </button>
      {isLive && (
        <button type="button" onClick={() => setOpen('signal')}>
          Signal…
        </button>
      )}
      {isLive && <ActionButton action={cancel} />}
      {run.forkedFrom && (
        <Link href={hrefOf('compare', {}, { a: run.forkedFrom.runId, b: id })}>Compare with its original</Link>
      )}
      {open === 'rerun' && <RerunDialog run={run} onClose={() => setOpen(null)} />}
      {open === 'signal' && <SignalDialog runId={id} onClose={() => setOpen(null)} />}
    </div>
  );
}

function RerunDialog({ run: { id, input }, onClose }: { run: Run; onClose: () => void }) {
  return (
    <EditDialog
      title="Rerun"
      about="Starts another run from the beginning. Change the input as you like."
      label="Input"
      value={input}
      submit="Start the run"
      cliOf={(value) => `npx weft rerun ${id}${changesCli(asRecord(input), asRecord(value), '-i')}`}
      onClose={onClose}
      perform={async (value) => {
        const started = await api().runs.rerun(id, { input: value });
        go(hrefOf('run', { id: started.id }));
        return 'Another run has begun';
      }}
    />
  );
}

function asRecord(value: Json): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
