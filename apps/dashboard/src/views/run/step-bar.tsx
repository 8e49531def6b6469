import type { Checkpoint, Json, JsonObject, Run } from '@weft/contract';
import { useEffect, useState } from 'react';

import { api } from '../../api/session.ts';
import { clockTime } from '../../parts/words.ts';
import { go, hrefOf } from '../../router/router.ts';
import { reload } from '../../store/resource.ts';
import { EditDialog } from './edit-dialog.tsx';
import { changedKeys, changesCli } from './state-changes.ts';

type Props = {
  run: Run;
  last: number;
  /** Null: the present. */
  step: number | null;
  checkpoint: Checkpoint | null;
  onChange: (step: number | null) => void;
};

const SETTLE_MS = 120;

/** Goes through the steps of a run; graph and state show it as it was then. */
export function StepBar({ run, last, step, checkpoint, onChange }: Props) {
  const [shown, setShown] = useState(step ?? last);
  const [open, setOpen] = useState<'fork' | 'replay' | null>(null);
  useEffect(() => setShown(step ?? last), [step, last]);
  // Whoever drags over many steps asks only for the one where they rest.
  useEffect(() => {
    if (shown === (step ?? last)) return undefined;
    const timer = setTimeout(() => onChange(shown >= last ? null : shown), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const isPast = step !== null;
  const what =
    checkpoint && checkpoint.step === step
      ? `${checkpoint.type.replaceAll('_', ' ')} ${checkpoint.node ?? ''} · ${clockTime(checkpoint.at)}`
      : '';
  return (
    <div className={isPast ? 'step-bar past' : 'step-bar'}>
      <strong>
        Step {shown} of {last}
      </strong>
      <input
        type="range"
        min={1}
        max={Math.max(1, last)}
        value={shown}
        aria-label="Step"
        aria-valuetext={`Step ${shown} of ${last} ${what}`}
        onChange={(event) => setShown(Number(event.target.value))}
      />
      <span className="soft">{isPast ? what : 'as it is now'}</span>
      {isPast && (
        <button type="button" onClick={() => onChange(null)}>
          Back to now
        </button>
      )}
      <button type="button" onClick={() => setOpen('fork')} disabled={isPast && !checkpoint}>
        Fork from here…
      </button>
      {isPast && checkpoint && (
        <button type="button" onClick={() => setOpen('replay')}>
          Replay from here…
        </button>
      )}
      {open !== null && (
        <BranchDialog
          kind={open}
          run={run}
          step={step ?? last}
          state={checkpoint?.state ?? run.state}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}

type BranchProps = { kind: 'fork' | 'replay'; run: Run; step: number; state: JsonObject; onClose: () => void };

const ABOUT = {
  fork: 'Starts another run that goes on from this step. What had finished by then is not run again. What you change here is its state.',
  replay:
    'Has this very run go on from this step. What came after it is superseded: it stays in the journal, but counts no more. What you change here is its state.',
} as const;

function BranchDialog({ kind, run: { id }, step, state, onClose }: BranchProps) {
  const act = async (value: Json): Promise<string> => {
    const stateOverrides = changedKeys(state, (value ?? {}) as JsonObject);
    if (kind === 'fork') {
      const fork = await api().runs.fork(id, { step, stateOverrides });
      go(hrefOf('run', { id: fork.id }));
      return `A fork goes on from step ${step}`;
    }
    await api().runs.replay(id, step, { stateOverrides });
    reload(`run:${id}`);
    go(hrefOf('run', { id }));
    return `The run goes on from step ${step}`;
  };
  return (
    <EditDialog
      title={kind === 'fork' ? `Fork from step ${step}` : `Replay from step ${step}`}
      about={ABOUT[kind]}
      label="State"
      value={state}
      submit={kind === 'fork' ? 'Start the fork' : 'Replay'}
      isDanger={kind === 'replay'}
      cliOf={(value) => `npx weft ${kind} ${id}@${step}${changesCli(state, (value ?? {}) as JsonObject, '--set')}`}
      perform={act}
      onClose={onClose}
    />
  );
}
