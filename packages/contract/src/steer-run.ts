/** What is sent to a run that goes on: answers, updates of its state, signals. */
import { z } from 'zod';
import { JsonRecord, JsonValue } from './json.ts';
import { Label, NodeReference } from './name.ts';
import { Id, StepNumber } from './wire.ts';

/** How many questions one request may answer. */
const MAX_ANSWERS = 1000;

/** The body of `POST /v1/runs/{id}/resume`, which may be left out. */
export const ResumeRun = z
  .strictObject({
    answers: z
      .record(Id, JsonValue)
      .refine((answers) => Object.keys(answers).length <= MAX_ANSWERS, { error: `at most ${MAX_ANSWERS} answers` })
      .optional()
      .meta({ description: 'Interrupt id -> answer; without it, all breakpoints are passed' }),
    stateUpdates: JsonRecord.optional().meta({ description: 'State key -> update, applied before the answers' }),
  })
  .nullish()
  .meta({ id: 'ResumeRun', description: 'Answers to open questions' });
export type ResumeRun = z.infer<typeof ResumeRun>;

/** The body of `POST /v1/runs/{id}/state`. */
export const InjectState = z
  .strictObject({
    updates: JsonRecord.refine((updates) => Object.keys(updates).length > 0, { error: 'at least one key' }).meta({
      description: 'State key -> update, applied through the reducers',
    }),
    afterNode: NodeReference.optional().meta({
      description: 'Apply it right after this node settles; at once if it has',
    }),
  })
  .meta({ id: 'InjectState', description: 'An update of the state from outside' });
export type InjectState = z.infer<typeof InjectState>;

/** The answer to it: applied by that step, or durable and waiting for its node. */
export const InjectedState = z
  .union([
    z.object({ applied: z.literal(true), step: StepNumber }),
    z.object({ applied: z.literal(false), pending: z.literal(true) }),
  ])
  .meta({ id: 'InjectedState', description: 'Whether the update is applied, or waits for its node' });
export type InjectedState = z.infer<typeof InjectedState>;

/** The name of a signal, as in the `signal` of a wait node. */
export const SignalName = Label.meta({ description: 'The name of a signal' });

/** The body of `POST /v1/runs/{id}/signals/{name}`: any JSON; without a body, null. */
export const SignalPayload = z.unknown().meta({ id: 'SignalPayload', description: 'Any JSON value; left out: null' });

/** The answer to a signal: it is durable. */
export const SentSignal = z.object({ runId: Id, signal: z.string() }).meta({ id: 'SentSignal' });
export type SentSignal = z.infer<typeof SentSignal>;

/** Who answers, as far as the caller says: the header `X-Weft-User`. */
export const UserName = z.string().min(1).max(200);
