import { useState } from 'react';

import { CliLine } from '../parts/cli-line.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { perform } from './action.ts';
import type { Action } from './action.ts';

/** Does an action, after asking where something would be lost. */
export function ActionButton({ action, isMain = false }: { action: Action; isMain?: boolean }) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const act = async () => {
    setAsking(false);
    setBusy(true);
    await perform(action);
    setBusy(false);
  };
  const kind = action.question === undefined ? (isMain ? 'main' : undefined) : 'danger';
  return (
    <>
      <button
        type="button"
        className={kind}
        disabled={isBusy}
        title={action.cli}
        onClick={() => (action.question === undefined ? void act() : setAsking(true))}
      >
        {action.label}
      </button>
      {isAsking && (
        <Dialog title={action.label} onClose={() => setAsking(false)}>
          <p>{action.question}</p>
          <p className="soft">The same from a terminal:</p>
          <CliLine line={action.cli} />
          <footer>
            <button type="button" onClick={() => setAsking(false)}>
              Keep it as it is
            </button>
            <button type="button" className="danger" onClick={() => void act()}>
              {action.label}
            </button>
          </footer>
        </Dialog>
      )}
    </>
  );
}
