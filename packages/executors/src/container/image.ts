/** The image of a container, brought here if it is to be. */
import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';
import { readLines } from '../process/read-lines.ts';
import type { ContainerInput } from './container-input.ts';
import type { Engine } from './engine.ts';
import { EngineError } from './engine.ts';

const MOST_LINE_BYTES = 1024 * 1024;

type Pull = { engine: Engine; signal: AbortSignal; heartbeat: () => void };

/** Null: it is there. `pull` says when a registry is asked; each of its answers is a heartbeat. */
export async function ensureImage(input: ContainerInput, pull: Pull): Promise<Failure | null> {
  const { image } = input;
  if (input.pull !== 'always' && (await isThere(image, pull))) return null;
  if (input.pull === 'never') {
    return failure('image_missing', `The image "${image}" is not there, and "pull" says never`, { details: { image } });
  }
  const problem = await pullImage(tagged(image), pull);
  if (problem === null) return null;
  return failure('image_pull_failed', `The image "${image}" cannot be had: ${problem}`, {
    retryable: true,
    details: { image },
  });
}

async function isThere(image: string, { engine, signal }: Pull): Promise<boolean> {
  try {
    await engine.json('GET', `/images/${image}/json`, { signal });
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}

/** Without a tag all of them would be brought. */
function tagged(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

async function pullImage(image: string, { engine, signal, heartbeat }: Pull): Promise<string | null> {
  try {
    const progress = await engine.stream('POST', '/images/create', { query: { fromImage: image }, signal });
    const { promise, resolve, reject } = Promise.withResolvers<string | null>();
    let problem: string | null = null;
    readLines(progress, MOST_LINE_BYTES, (line) => {
      heartbeat();
      problem ??= problemIn(line);
    });
    progress.once('end', () => resolve(problem));
    progress.once('error', reject);
    return await promise;
  } catch (error) {
    if (error instanceof EngineError && error.status > 0) return error.message;
    throw error;
  }
}

function problemIn(line: string | null): string | null {
  try {
    const { error }: { error?: unknown } = JSON.parse(line ?? '{}');
    return typeof error === 'string' ? error.slice(0, 500) : null;
  } catch {
    return null;
  }
}
