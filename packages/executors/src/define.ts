import type { Json } from '@weft/contract';
import { ArtifactError } from '@weft/engine/ports';
import type { Executor, ExecutorCall, Outcome } from '@weft/engine/ports';
import type { z } from 'zod';

import type { Failure } from './failure.ts';
import { aborted, failure, messageOf } from './failure.ts';
import { validationFailure } from './validation-failure.ts';

/** An executor that knows the shapes it takes and gives, and shows one input that is right. */
export type ExecutorDefinition = Executor & {
  readonly description: string;
  readonly schema: { readonly input: z.ZodType; readonly output: z.ZodType };
  readonly example: Json;
};

/** A call whose input has passed the executor's schema. */
export type CheckedCall<Input> = Omit<ExecutorCall, 'input'> & { input: Input };

type CheckedOutcome<Output> =
  | (Omit<Extract<Outcome, { kind: 'succeeded' }>, 'output'> & { output: Output })
  | Extract<Outcome, { kind: 'again' }>
  | Failure;

type ExecutorSpec<I extends z.ZodType, O extends z.ZodType<Json>> = {
  /** The name in `uses`; equal to the file's name. */
  type: string;
  /** It reserves by itself what a call may cost. */
  reserves?: true;
  /** One sentence on what it does. */
  description: string;
  input: I;
  output: O;
  /** An input that parses. */
  example: z.input<I> & Json;
  run(call: CheckedCall<z.output<I>>): Promise<CheckedOutcome<z.input<O>>>;
};

/**
 * Makes an executor out of schemas and a function. What comes back never throws: an input that does not fit fails with
 * `invalid_input`, an output that does not fit with `invalid_output` (neither retryable, with pointers in `details`), a
 * call whose signal is aborted already with `aborted`, an ArtifactError that `run` throws with its code, and whatever else it
 * throws becomes `executor_threw` (retryable).
 */
export function defineExecutor<I extends z.ZodType, O extends z.ZodType<Json>>(
  spec: ExecutorSpec<I, O>,
): ExecutorDefinition {
  const { type, description, example } = spec;
  return {
    type,
    ...(spec.reserves && { reserves: spec.reserves }),
    description,
    example,
    schema: { input: spec.input, output: spec.output },
    async run(call) {
      try {
        return await runChecked(spec, call);
      } catch (error) {
        return call.signal.aborted ? aborted(call.signal) : threw(error);
      }
    },
  };
}

async function runChecked<I extends z.ZodType, O extends z.ZodType<Json>>(
  spec: ExecutorSpec<I, O>,
  call: ExecutorCall,
): Promise<Outcome> {
  if (call.signal.aborted) return aborted(call.signal);
  const input = spec.input.safeParse(call.input);
  if (!input.success) return validationFailure('invalid_input', input.error);
  const outcome = await spec.run({ ...call, input: input.data });
  if (outcome.kind !== 'succeeded') return outcome;
  const output = spec.output.safeParse(outcome.output);
  if (!output.success) return validationFailure('invalid_output', output.error);
  return { ...outcome, output: output.data };
}

function threw(error: unknown): Failure {
  if (error instanceof ArtifactError) return failure(error.code, error.message, { retryable: error.retryable });
  return failure('executor_threw', messageOf(error), { retryable: true });
}
