/** What is sent to a run while it goes on. */
import type { InjectedState, Json, JsonObject, Run, SentSignal } from '@weft/contract';
import { keyHeader } from './tasks-api.ts';
import type { CallOptions, Transport } from './transport.ts';

export type KeyedOptions = CallOptions & {
  /** The same request under the same key is carried out once: a start gives the same run again. */
  idempotencyKey?: string | undefined;
};

export type AnswerOptions = KeyedOptions & {
  /** Who answers; it is kept with the answer. */
  user?: string | undefined;
};

export type ResumeRequest = {
  /** Interrupt id -> answer; without it, all breakpoints are passed. */
  answers?: Readonly<Record<string, Json>> | undefined;
  /** State key -> update, applied before the answers. */
  stateUpdates?: Readonly<JsonObject> | undefined;
};

export type SteerApi = {
  /** Answers questions of the run and of its children, or passes its breakpoints. */
  resume(id: string, request?: ResumeRequest, options?: AnswerOptions): Promise<Run>;
  /** Answers one question. Throws `ApiError` `conflict` if somebody else was first. */
  answer(id: string, interruptId: string, value: Json, options?: AnswerOptions): Promise<Run>;
  /** Gives a signal; one that nothing waits for yet is kept. Without a payload it is null. */
  signal(id: string, name: string, payload?: Json, options?: KeyedOptions): Promise<SentSignal>;
  /** Updates the state at once, or right after `afterNode` settles the next time. */
  injectState(
    id: string,
    updates: Readonly<JsonObject>,
    options?: KeyedOptions & { afterNode?: string | undefined },
  ): Promise<InjectedState>;
};

export function steerApi(transport: Transport, pathOf: (id: string) => string): SteerApi {
  const resume: SteerApi['resume'] = (id, { answers, stateUpdates } = {}, options = {}) =>
    transport.json({
      ...postTo(`${pathOf(id)}/resume`, options),
      json: { ...(answers !== undefined && { answers }), ...(stateUpdates !== undefined && { stateUpdates }) },
    });
  return {
    resume,
    answer: (id, interruptId, value, options) => resume(id, { answers: { [interruptId]: value } }, options),
    signal: (id, name, payload = null, options = {}) =>
      transport.json({ ...postTo(`${pathOf(id)}/signals/${encodeURIComponent(name)}`, options), json: payload }),
    injectState: (id, updates, { afterNode, ...options } = {}) =>
      transport.json({
        ...postTo(`${pathOf(id)}/state`, options),
        json: { updates, ...(afterNode !== undefined && { afterNode }) },
      }),
  };
}

function postTo(path: string, { signal, idempotencyKey, user }: AnswerOptions) {
  const headers = { ...keyHeader(idempotencyKey), ...(user !== undefined && { 'x-weft-user': user }) };
  return { signal, method: 'POST' as const, path, headers };
}
