import type { Json } from '@weft/contract';
import { useState } from 'react';

import { perform } from '../../actions/action.ts';
import { api } from '../../api/session.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { Dialog } from '../../parts/dialog.tsx';

/** Gives a signal to a run that goes on. */
export function SignalDialog({ runId, onClose }: { runId: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const [payload, setPayload] = useState('null');
  const cli = `npx weft signal ${runId} ${name || 'NAME'} --payload '${payload}'`;
  const send = async () => {
    const act = async () => {
      await api().runs.signal(runId, name, JSON.parse(payload) as Json);
      return `The run has the signal ${name}; whatever waits for it goes on`;
    };
    if (await perform({ label: 'Signal', cli, perform: act })) onClose();
  };
  return (
    <Dialog title="Give the run a signal" onClose={onClose}>
      <p>A wait node with this signal goes on. A signal that nothing waits for yet is kept until something does.</p>
      <label className="field">
        Name
        <input value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <label className="field">
        Payload (JSON)
        <textarea rows={4} value={payload} onChange={(event) => setPayload(event.target.value)} />
      </label>
      <CliLine line={cli} />
      <footer>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="button" className="main" disabled={name === ''} onClick={() => void send()}>
          Send
        </button>
      </footer>
    </Dialog>
  );
}
