/** Delivering mail to other runs once the commit that has written it is through. Mail that is lost here is found by the sweeper. */
import type { SentMail } from '../domain/run/records.ts';
import type { Log } from '../ports/index.ts';

export type Post = {
  deliver(mail: readonly SentMail[]): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
};

export type PostDeps = {
  log: Log;
  /** Has the run read its mail. */
  advance(runId: string): Promise<void>;
  startChild(runId: string): Promise<void>;
};

export function createPost(deps: PostDeps): Post {
  const underWay = new Set<Promise<void>>();

  async function deliverOne(runId: string, isStart: boolean): Promise<void> {
    try {
      await (isStart ? deps.startChild(runId) : deps.advance(runId));
    } catch (error) {
      deps.log.warn({ err: error, runId }, 'mail to a run was not delivered; the sweeper will see to it');
    }
  }

  return {
    deliver(mail) {
      for (const { to, kind } of mail) {
        if (to === null) continue;
        const delivery = deliverOne(to, kind === 'start').finally(() => underWay.delete(delivery));
        underWay.add(delivery);
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
