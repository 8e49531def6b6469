import type { Ack, LaneList, TaskMessage } from '@weft/engine/ports';

/** What a broker holds, as plainly as it can be said: one list of messages, some of them claimed. */
type Held = { message: TaskMessage; worker: string | null };

/**
 * The broker that is right by being simple. It does not choose what a claim gets; it says whether what a broker chose is
 * allowed, and throws if not.
 */
export class LaneModel {
  /** Waiting messages stand in the order in which their lists are served. */
  #held: Held[] = [];
  readonly #ageingMs: number;

  constructor(ageingMs: number) {
    this.#ageingMs = ageingMs;
  }

  publish(messages: readonly TaskMessage[], acks: readonly Ack[]): number {
    for (const ack of acks)
      this.#held = this.#held.filter((held) => !(isSame(held, ack) && attemptOf(held) <= ack.attempt));
    return messages.filter((message) => this.#add(message)).length;
  }

  /**
   * Notes that `worker` was given these messages. With `inOrder` they were claimed at this moment and in this order, so
   * each must be the head of its list, and its priority the most urgent of its lane.
   */
  claimed(worker: string, messages: readonly TaskMessage[], inOrder: boolean): void {
    for (const message of messages) {
      const held = this.#held.find((candidate) => isSame(candidate, message));
      if (held === undefined) throw new Error(`claimed, but not held: ${name(message)}`);
      if (attemptOf(held) !== message.attempt) throw new Error(`not the held attempt: ${name(message)}`);
      if (held.worker !== null) throw new Error(`claimed by ${held.worker} already: ${name(message)}`);
      if (inOrder) this.#checkOrder(held);
      held.worker = worker;
    }
  }

  /** The messages are of different tasks. */
  release(worker: string, messages: readonly TaskMessage[]): void {
    const released = messages.flatMap((message) =>
      this.#held.filter((held) => {
        return held.worker === worker && isSame(held, message) && attemptOf(held) === message.attempt;
      }),
    );
    this.#held = [...released, ...this.#held.filter((held) => !released.includes(held))];
    for (const held of released) held.worker = null;
  }

  waitingOn(lanes: readonly string[]): number {
    return this.#held.filter((held) => held.worker === null && lanes.includes(held.message.lane)).length;
  }

  claims(): { worker: string; message: TaskMessage }[] {
    return this.#held.flatMap(({ worker, message }) => (worker === null ? [] : [{ worker, message }]));
  }

  heldAttempt(lane: string, taskId: string): number | null {
    return this.#held.find((held) => isSame(held, { lane, taskId }))?.message.attempt ?? null;
  }

  depth({ lane, tenant, priority }: LaneList): number {
    const isThere = ({ message }: Held): boolean =>
      message.lane === lane && message.workflow.tenant === tenant && message.priority === priority;
    return this.#held.filter((held) => held.worker === null && isThere(held)).length;
  }

  #checkOrder(held: Held): void {
    const heads = this.#heads(held.message.lane);
    if (!heads.includes(held)) throw new Error(`not the head of its list: ${name(held.message)}`);
    const rank = ({ message }: Held): number => message.priority * this.#ageingMs + message.readyAt;
    const lowest = Math.min(...heads.map(rank));
    const isUrgent = heads.some((head) => rank(head) === lowest && head.message.priority === held.message.priority);
    if (!isUrgent) throw new Error(`not of the most urgent priority: ${name(held.message)}`);
  }

  #heads(lane: string): Held[] {
    const waiting = this.#held.filter((held) => held.worker === null && held.message.lane === lane);
    return waiting.filter((held) => waiting.find((other) => isSameList(other, held.message)) === held);
  }

  #add(message: TaskMessage): boolean {
    const known = this.#held.find((held) => isSame(held, message));
    if (known !== undefined && attemptOf(known) >= message.attempt) return false;
    this.#held = [...this.#held.filter((held) => held !== known), { message, worker: null }];
    return true;
  }
}

function isSame(held: Held, task: { lane: string; taskId: string }): boolean {
  return held.message.lane === task.lane && held.message.taskId === task.taskId;
}

function isSameList({ message }: Held, other: TaskMessage): boolean {
  const sameTenant = message.workflow.tenant === other.workflow.tenant;
  return sameTenant && message.lane === other.lane && message.priority === other.priority;
}

function attemptOf(held: Held): number {
  return held.message.attempt;
}

function name({ lane, taskId, attempt }: TaskMessage): string {
  return `attempt ${attempt} of ${taskId} on ${lane}`;
}
