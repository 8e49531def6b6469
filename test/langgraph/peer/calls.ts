/** Counts the calls of nodes, and keeps what each task has written: LangGraph does not tell that again after a pause. */
import type { Config } from '@langchain/langgraph';
import type { JsonObject } from '@weft/contract';

export class Calls {
  /** By node; nodes of a child are counted with those of its parent. */
  readonly counts = new Map<string, number>();
  readonly #updates = new Map<string, JsonObject>();

  /** The number of this call, from 1. */
  began(name: string): number {
    const time = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, time);
    return time;
  }

  finished({ configurable }: Config, update: JsonObject): void {
    this.#updates.set(String(configurable['__pregel_task_id']), update);
  }

  updateOf(taskId: string): JsonObject {
    return this.#updates.get(taskId) ?? {};
  }
}
