/** What a test file says: `*.weft-test.yaml`, cases of one workflow. */
import { JsonRecord, JsonValue, RunStatus } from '@weft/contract';
import { z } from 'zod';

import { readDuration } from '../duration.ts';

const Duration = z.union([z.number(), z.string()]).refine((value) => readDuration(value) !== null, {
  error: 'a duration is a number of ms, or such as 250ms, 30s, 7d',
});
const Count = z.int().min(0);
const Times = z.int().min(1).max(10_000);
const Usage = z.strictObject({
  inputTokens: z.number().optional(),
  outputTokens: z.number().optional(),
  usd: z.number().optional(),
});

const timing = { takes: Duration.optional(), beats: z.boolean().optional(), times: Times.optional() };

const Failure = z.union([
  z.string().min(1),
  z.strictObject({
    code: z.string().optional(),
    message: z.string().optional(),
    retryable: z.boolean().optional(),
    details: JsonRecord.optional(),
  }),
]);

/** What attempts of a node do: one of `returns`, `fails`, `crashes`, `notTaken`, `takes` alone. */
export const NodePlay = z
  .strictObject({
    returns: JsonValue.optional(),
    stateUpdates: JsonRecord.optional(),
    goto: z.union([z.string(), z.array(z.string())]).optional(),
    usage: Usage.optional(),
    fails: Failure.optional(),
    retryAfter: Duration.optional(),
    crashes: z.union([z.literal(true), Times]).optional(),
    notTaken: z.literal(true).optional(),
    ...timing,
  })
  .refine(
    ({ returns, fails, crashes, notTaken }) =>
      [returns, fails, crashes, notTaken].filter((one) => one !== undefined).length <= 1,
    {
      error: 'an attempt does one thing: returns, fails, crashes or notTaken',
    },
  )
  .refine((play) => Object.keys(play).length > 0, {
    error: 'it says nothing: returns, fails, crashes, notTaken or takes',
  });
export type NodePlay = z.infer<typeof NodePlay>;

const Answer = z.strictObject({
  node: z.string(),
  value: JsonValue,
  after: Duration.optional(),
  by: z.string().optional(),
});
const Signal = z.strictObject({ name: z.string(), payload: JsonValue.optional(), after: Duration.optional() });
const Injection = z.strictObject({ updates: JsonRecord, afterNode: z.string().optional(), after: Duration.optional() });

/** What must hold at the end. Objects may have more than what is expected of them, at every depth. */
export const Expectation = z.strictObject({
  status: RunStatus.optional(),
  output: JsonValue.optional(),
  state: JsonRecord.optional(),
  error: z.strictObject({ code: z.string().optional(), message: z.string().optional() }).nullable().optional(),
  path: z.array(z.string()).optional(),
  called: z.record(z.string(), Count).optional(),
  inputs: z.record(z.string(), z.array(JsonValue)).optional(),
  tasks: z.record(z.string(), z.string()).optional(),
  waiting: z.array(z.string()).optional(),
  duration: Duration.optional(),
});
export type Expectation = z.infer<typeof Expectation>;

const running = {
  handlers: z.string().optional(),
  workflows: z.array(z.string()).optional(),
  unscripted: z.enum(['fail', 'echo']).optional(),
};

export const TestCase = z
  .strictObject({
    name: z.string().min(1),
    input: JsonValue.optional(),
    config: JsonRecord.optional(),
    now: z.string().optional(),
    nodes: z.record(z.string(), z.union([NodePlay, z.array(NodePlay).min(1)])).optional(),
    answers: z.union([z.array(Answer), JsonRecord]).optional(),
    signals: z.array(Signal).optional(),
    inject: z.array(Injection).optional(),
    cancelAfter: Duration.optional(),
    crashAt: z.union([Count, z.array(Count)]).optional(),
    crashAfter: z.array(z.string()).optional(),
    seed: Count.optional(),
    seeds: z.int().min(1).max(10_000).optional(),
    letExpire: z.boolean().optional(),
    recording: z.string().optional(),
    expect: Expectation.optional(),
    ...running,
  })
  .refine(({ recording, expect }) => recording !== undefined || expect !== undefined, {
    error: 'a case says what it expects, or names a recording',
  });
export type TestCase = z.infer<typeof TestCase>;

export const TestFile = z.strictObject({
  workflow: z.string().optional(),
  ...running,
  cases: z.array(TestCase).min(1),
});
export type TestFile = z.infer<typeof TestFile>;
