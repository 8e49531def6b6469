/** What an attempt tells watchers while it runs, as a worker would tell it: bounded, and without secrets. */
import type { Json } from '@weft/contract';
import type { Clock, LiveEvent, Log, Secrets, TaskMessage } from '@weft/engine/ports';
import { AttemptVoice } from '@weft/engine/runtime';

export type Told = {
  /** What it has emitted, in order. */
  emitted: Json[];
  /** The text of all its tokens. */
  text: string;
  /** What it has said with its heartbeats. */
  progress: Json[];
};

export type Ear = { voice: AttemptVoice; told(): Told };

type Parts = { message: TaskMessage; secrets: Secrets; clock: Clock; log: Log };

/** Hears one attempt. Nothing is lost on the way, and nobody has to wait. */
export function createEar(parts: Parts): Ear {
  const events: LiveEvent[] = [];
  const outbox = {
    add(event: LiveEvent, { bytes }: { bytes: number }) {
      events.push(event);
      return { event, bytes };
    },
    grow: () => true,
    withdraw: () => undefined,
    hurry: async () => undefined,
  };
  const voice = new AttemptVoice({ ...parts, outbox, worker: 'test' });
  return {
    voice,
    told() {
      voice.end();
      return {
        emitted: saidOf(events, 'custom', 'data'),
        text: textOf(events),
        progress: saidOf(events, 'task_progress', 'progress'),
      };
    },
  };
}

/** What was too large to be told is told as that. */
function saidOf(events: readonly LiveEvent[], type: string, part: string): Json[] {
  return events.filter((event) => event.type === type).map(({ data }) => data[part] ?? data);
}

function textOf(events: readonly LiveEvent[]): string {
  return saidOf(events, 'token', 'text').reduce<string>(
    (text, piece) => (typeof piece === 'string' ? text + piece : text),
    '',
  );
}
