/** Large outputs are kept as artifacts: the task holds a reference, and whoever reads it by a template gets the whole value. */
import type { Json } from '@weft/contract';

import { keptIn, keptOutput } from '../../domain/outcome/kept-output.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { ArtifactError } from '../../ports/index.ts';
import type { ArtifactUser, InputMaterial, Log } from '../../ports/index.ts';
import type { Artifacts } from './artifacts.ts';
import { contentName } from './content-hash.ts';

/** What one input may load, bytes: it is held in memory while it is rendered. */
const MAX_LOADED_BYTES = 64 * 1024 * 1024;
const JSON_MEDIA = 'application/json';

type Place = ArtifactUser & { tenant: string; node: string; signal: AbortSignal };

export type KeepDeps = { files: Artifacts; log: Log };

/** The outcome with a reference in place of an output that is large. Where it cannot be kept the output stays as it is. */
export async function keepOutput({ files, log }: KeepDeps, outcome: Outcome, place: Place): Promise<Outcome> {
  if (outcome.kind !== 'succeeded' || !files.isAvailable) return outcome;
  const text = JSON.stringify(outcome.output);
  // A character takes three bytes at most.
  if (text.length * 3 <= files.limits.inlineBytes) return outcome;
  const body = new TextEncoder().encode(text);
  if (body.length <= files.limits.inlineBytes) return outcome;
  const { tenant, runId, taskId, node, signal } = place;
  try {
    const file = { tenant, name: `${node}.json`, mediaType: JSON_MEDIA, by: { runId, taskId }, signal };
    const ref = await files.write(file, once(body));
    return { ...outcome, output: keptOutput(ref, text) };
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error, runId, taskId }, 'a large output stays in the database');
    return outcome;
  }
}

/** The material with the whole values of outputs that were kept. Throws ArtifactError. */
export async function loadKept(files: Artifacts, material: InputMaterial, place: Place): Promise<InputMaterial> {
  const loader = new Loader(files, place);
  const nodes: InputMaterial['nodes'] = {};
  let isSame = true;
  for (const [name, result] of Object.entries(material.nodes)) {
    const output = await loader.whole(result.output);
    isSame &&= output === result.output;
    nodes[name] = { ...result, output };
  }
  return isSame ? material : { ...material, nodes };
}

class Loader {
  readonly #files: Artifacts;
  readonly #place: Place;
  #bytes = 0;

  constructor(files: Artifacts, place: Place) {
    this.#files = files;
    this.#place = place;
  }

  /** An output, or the outputs of a send. */
  async whole(output: Json): Promise<Json> {
    const artifact = keptIn(output);
    if (artifact !== null) return this.#load(artifact);
    if (!Array.isArray(output) || !output.some((item) => keptIn(item) !== null)) return output;
    const items: Json[] = [];
    for (const item of output) {
      const kept = keptIn(item);
      items.push(kept === null ? item : await this.#load(kept));
    }
    return items;
  }

  async #load(artifact: string): Promise<Json> {
    const { tenant, runId, taskId, signal } = this.#place;
    const { record, body } = await this.#files.read({ tenant, artifact, by: { runId, taskId } });
    this.#bytes += record.bytes;
    if (this.#bytes > MAX_LOADED_BYTES) {
      await body[Symbol.asyncIterator]().return?.();
      const message = `the outputs that the input reads have more than ${MAX_LOADED_BYTES} bytes in all`;
      throw new ArtifactError('artifact_too_large', message);
    }
    const whole = new Uint8Array(record.bytes);
    let at = 0;
    for await (const piece of body) {
      signal.throwIfAborted();
      if (at + piece.length > whole.length) throw corrupt(artifact);
      whole.set(piece, at);
      at += piece.length;
    }
    if (at < whole.length || (await contentName(whole)) !== artifact) throw corrupt(artifact);
    return JSON.parse(new TextDecoder().decode(whole)) as Json;
  }
}

function corrupt(artifact: string): ArtifactError {
  return new ArtifactError('artifact_corrupt', `the content of the artifact ${artifact} is not what was written`);
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield body;
}
