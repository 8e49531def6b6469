/** Tells what a run asks, as soon as it asks; each question once. */
import type { Event, Interrupt, Run } from '@weft/contract';
import type { WeftClient } from '@weft/sdk';

export type QuestionTalk = {
  /** Looks at the run if the event says that it asks something. */
  take(event: Event): void;
  /** Tells nothing any more. */
  close(): void;
};

type TalkOptions = { signal: AbortSignal; tell: (question: Interrupt) => void; tellMore: () => void };

/** A run may ask for each of thousands of items: after so many questions it is said once that there are more. */
export const MOST_QUESTIONS = 10;

/** Events tell that something is asked, but not what: that is read from the run. */
export function tellQuestions(client: WeftClient, run: Run, { signal, tell, tellMore }: TalkOptions): QuestionTalk {
  const told = new Set<string>();
  let looking = false;
  let again = false;
  let closed = false;
  let hasMore = false;
  const show = ({ interrupts = [] }: Run): void => {
    for (const question of interrupts.filter(({ id }) => !closed && !told.has(id))) {
      if (told.size === MOST_QUESTIONS) hasMore = true;
      if (hasMore) {
        tellMore();
        break;
      }
      told.add(question.id);
      tell(question);
    }
  };
  const look = async (): Promise<void> => {
    looking = true;
    do {
      again = false;
      show(await client.runs.get(run.id, { signal }));
    } while (again);
  };
  show(run);
  return {
    close() {
      closed = true;
    },
    take(event) {
      if (hasMore || !asks(event)) return;
      again = true;
      // It is a courtesy: if the server is gone, the events say so themselves.
      if (!looking)
        void look()
          .catch(() => undefined)
          .finally(() => (looking = false));
    },
  };
}

function asks({ data }: Event): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  const tasks = Array.isArray(data['tasks']) ? data['tasks'] : [];
  return tasks.some((task) => {
    if (typeof task !== 'object' || task === null || Array.isArray(task)) return false;
    return task['waits'] === 'answer' || task['waits'] === 'child_answer';
  });
}
