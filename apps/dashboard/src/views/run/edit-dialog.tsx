import type { Json } from '@weft/contract';
import { useState } from 'react';

import { perform } from '../../actions/action.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { Dialog } from '../../parts/dialog.tsx';

type Props = {
  title: string;
  about: string;
  label: string;
  value: Json;
  submit: string;
  isDanger?: boolean;
  cliOf: (value: Json) => string;
  perform: (value: Json) => Promise<string>;
  onClose: () => void;
};

/** Does something with a JSON value that can be edited before. */
export function EditDialog({
  title,
  about,
  label,
  value,
  submit,
  isDanger = false,
  cliOf,
  perform: act,
  onClose,
}: Props) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [isBusy, setBusy] = useState(false);
  const { parsed, problem } = read(text);
  const send = async () => {
    if (parsed === undefined) return;
    setBusy(true);
    const isDone = await perform({ label: title, cli: cliOf(parsed), perform: () => act(parsed) });
    setBusy(false);
    if (isDone) onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{about}</p>
      <label className="field">
        {label}
        <textarea
          rows={14}
          spellCheck={false}
          value={text}
          aria-invalid={problem !== null}
          aria-describedby="edit-problem"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <p id="edit-problem" role="status" className="status-failed">
        {problem}
      </p>
      {parsed !== undefined && <CliLine line={cliOf(parsed)} />}
      <footer>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button
          type="button"
          className={isDanger ? 'danger' : 'main'}
          disabled={isBusy || problem !== null}
          onClick={() => void send()}
        >
          {submit}
        </button>
      </footer>
    </Dialog>
  );
}

function read(text: string): { parsed: Json | undefined; problem: string | null } {
  try {
    return { parsed: JSON.parse(text) as Json, problem: null };
  } catch (error) {
    return { parsed: undefined, problem: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
