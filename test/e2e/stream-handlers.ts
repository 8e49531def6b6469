/** Handlers that tell watchers what they do. */
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

type Call = { gate?: string; count?: number; failures?: number };
type Context = {
  attempt: number;
  emit: (data: unknown) => void;
  token: (text: string, metadata?: object) => void;
  heartbeat: (progress?: unknown) => void;
};

const POLL_MS = 10;
const PAUSE_EVERY = 500;
/** Longer than what was told is gathered. */
const PAUSE_MS = 60;

async function opened(gate: string | undefined): Promise<void> {
  while (gate !== undefined && !existsSync(gate)) await wait(POLL_MS);
}

export default {
  /** Says three words, and fails as often as it is told to. */
  async speak({ gate, failures = 0 }: Call, { attempt, emit, token, heartbeat }: Context) {
    emit({ attempt });
    for (const [index, word] of ['one ', 'two ', 'three'].entries()) {
      token(word, { attempt });
      heartbeat(index + 1);
    }
    await wait(PAUSE_MS);
    if (attempt <= failures) throw new Error('not yet');
    await opened(gate);
    emit('behind the gate');
    return { output: 'said', stateUpdates: { said: `attempt ${attempt}` } };
  },
  /** Says more than is held. */
  async flood({ count = 0, gate }: Call, { emit }: Context) {
    for (let n = 1; n <= count; n += 1) {
      emit(n);
      if (n % PAUSE_EVERY === 0) await wait(PAUSE_MS);
    }
    await opened(gate);
    return count;
  },
};
