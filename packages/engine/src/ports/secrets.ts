import type { Json } from '@weft/contract';

import type { Outcome } from '../domain/outcome/outcome.ts';

/** Gives each piece without secrets; the end of one that may be the beginning of a secret waits for what comes. */
export type TextRedactor = { push(piece: string): string; end(): string };

/** Secrets live with the worker: they are put into an input just before it is used, and taken out of what comes back. */
export type Secrets = {
  /** For a text that comes in pieces: a secret may be cut in two. Null where there is nothing to replace. */
  redactText(secrets: readonly string[]): TextRedactor | null;
  /**
   * Puts the named secrets in place of the `{ secret: NAME }` objects at `pointers` (JSON pointers into `input`). Fails
   * with `missing_secret` where the worker has none of that name.
   */
  resolve(
    input: Json,
    pointers: readonly string[],
  ): { kind: 'resolved'; input: Json; secrets: string[] } | Extract<Outcome, { kind: 'failed' }>;
  /** The value with every secret in its strings replaced. */
  redact<Value extends Json | string>(value: Value, secrets: readonly string[]): Value;
  redactOutcome(outcome: Outcome, secrets: readonly string[]): Outcome;
};
