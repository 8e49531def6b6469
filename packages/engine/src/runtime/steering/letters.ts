/** The mail of one request to steer a run (rule A10): sent once for a caller's key, and found again in the journal. */
import { AppError } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';

import { contentHash } from '../../domain/content-hash.ts';
import { makeUuidV7 } from '../../domain/ids.ts';
import type { MailKind } from '../../domain/run/records.ts';
import type { StepRecord } from '../../domain/run/step-record.ts';
import type { CallerKey } from '../../ports/index.ts';
import type { SteerRequest } from '../engine.ts';
import type { SteerDeps } from './steer-deps.ts';

export type Letter = { runId: string; kind: MailKind; payload: JsonObject };

export type Letters = {
  /** Whether this very request was accepted before. */
  readonly isKnown: boolean;
  /** Writes to a run's inbox, unless that was done before, and has it read. The first letter takes the caller's key. */
  send(letter: Letter): Promise<void>;
  /** Whether the message of this id is the letter of this request to the run. */
  wrote(runId: string, mailId: string | undefined): boolean;
  /** The step that dealt with the letter to the run; null if there is none yet. */
  stepIn(runId: string, afterStep: number): Promise<StepRecord | null>;
};

/** Throws AppError `idempotency_conflict` if the caller's key was used for another request. */
export async function openLetters(deps: SteerDeps, request: SteerRequest): Promise<Letters> {
  const letters = new RequestLetters(deps, request);
  await letters.lookUp();
  return letters;
}

/** Where the random part of a UUIDv7 begins in its text. */
const RANDOM_PART = 14;
const WINDOW = 500;
/** Journal steps that are looked through for the letter of a request that was sent again. */
const MAX_WINDOWS = 200;

class RequestLetters implements Letters {
  isKnown = false;
  readonly #deps: SteerDeps;
  readonly #tenant: string;
  readonly #runId: string;
  readonly #key: CallerKey | null;
  readonly #ids = new Map<string, string>();
  #keyIsSent = false;

  constructor(deps: SteerDeps, { tenant, runId, idempotency }: SteerRequest) {
    this.#deps = deps;
    this.#tenant = tenant;
    this.#runId = runId;
    this.#key = idempotency ? { tenant, ...idempotency } : null;
  }

  async lookUp(): Promise<void> {
    if (!this.#key) return;
    const used = await this.#deps.runs.usedKey(this.#tenant, this.#key.key);
    if (used && (used.runId !== this.#runId || used.payloadHash !== this.#key.payloadHash))
      throw new AppError('idempotency_conflict', 'the idempotency key was used for another request');
    this.isKnown = used !== null;
  }

  async send({ runId, kind, payload }: Letter): Promise<void> {
    const id = this.#idFor(runId);
    const key = this.#keyIsSent ? null : this.#key;
    const dedupeKey = key ? id : id.slice(RANDOM_PART);
    this.#keyIsSent = true;
    const sent = await this.#deps.runs.sendMail(runId, { id, kind, payload, dedupeKey }, key);
    if (!sent) await this.lookUp();
    const { exists } = await this.#deps.settler.settle({ runId, workflow: null, event: { type: 'advance' } });
    if (!exists && (await this.#deps.reader.run(this.#tenant, runId)) === null) {
      await this.#deps.runs.dropMail(runId, id);
      throw new AppError('not_found', `there is no run ${runId}; it was deleted meanwhile`);
    }
    if (!exists)
      throw new AppError('unavailable', 'the request is kept and will be carried out, but not by this server');
  }

  wrote(runId: string, mailId: string | undefined): boolean {
    return mailId?.slice(RANDOM_PART) === this.#idFor(runId).slice(RANDOM_PART);
  }

  async stepIn(runId: string, afterStep: number): Promise<StepRecord | null> {
    const { reader } = this.#deps;
    if (!this.isKnown) return reader.stepOfMail(runId, this.#idFor(runId), afterStep);
    const newest = (await reader.run(this.#tenant, runId))?.head.step ?? 0;
    for (let to = newest, i = 0; to > 0 && i < MAX_WINDOWS; to -= WINDOW, i += 1) {
      const from = Math.max(0, to - WINDOW);
      const steps = await reader.steps(runId, { afterStep: from, limit: to - from });
      const found = steps.findLast(({ facts }) => this.wrote(runId, facts.mail));
      if (found) return found;
    }
    return null;
  }

  /** Of a request with a key the random part is derived from that, so that its letter is known when it comes again. */
  #idFor(runId: string): string {
    const known = this.#ids.get(runId);
    if (known !== undefined) return known;
    const { clock } = this.#deps;
    const random = this.#key ? hashBytes({ ...this.#key, runId }) : clock.randomBytes(10);
    const id = makeUuidV7(clock.now(), random);
    this.#ids.set(runId, id);
    return id;
  }
}

function hashBytes(value: Json): Uint8Array {
  const hex = contentHash(value);
  return Uint8Array.from({ length: 10 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
