/** Files on their way into a container, and out of it. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import type { ArtifactRef } from '@weft/contract';
import type { ExecutorCall } from '@weft/engine/ports';

import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';
import type { ContainerInput, FileOut } from './container-input.ts';
import { IN, OUT, ROOT } from './creation.ts';
import type { Engine } from './engine.ts';
import { EngineError } from './engine.ts';
import type { TarFile } from './tar.ts';
import { readFirst, writeTar } from './tar.ts';

type Artifacts = ExecutorCall['artifacts'];

const READABLE = 0o444;
const FOLDER = 0o755;

/** Puts the files in, and makes the folder that the container may write to. */
export async function putFiles(engine: Engine, id: string, input: ContainerInput, artifacts: Artifacts): Promise<void> {
  const archive = Readable.from(writeTar(entries(input, artifacts)), { objectMode: false });
  await engine.json('PUT', `/containers/${id}/archive`, { query: { path: ROOT }, body: archive });
}

async function* entries({ filesIn, user }: ContainerInput, artifacts: Artifacts): AsyncGenerator<TarFile> {
  const [uid = 0, gid = uid] = user.split(':').map(Number);
  const owner = { uid, gid };
  yield { name: `${IN}/`, mode: FOLDER, bytes: 'folder', owner };
  yield { name: `${OUT}/`, mode: FOLDER, bytes: 'folder', owner };
  for (const folder of foldersOf(Object.keys(filesIn))) {
    yield { name: `${IN}/${folder}/`, mode: FOLDER, bytes: 'folder', owner };
  }
  for (const [name, file] of Object.entries(filesIn)) {
    const content = await contentOf(file, artifacts); // oxlint-disable-line no-await-in-loop
    yield { name: `${IN}/${name}`, mode: READABLE, owner, ...content };
  }
}

function foldersOf(names: readonly string[]): Set<string> {
  const folders = names.flatMap((name) => {
    const parts = name.split('/').slice(0, -1);
    return parts.map((_, last) => parts.slice(0, last + 1).join('/'));
  });
  return new Set(folders);
}

type FileIn = ContainerInput['filesIn'][string];

async function contentOf(file: FileIn, artifacts: Artifacts): Promise<Pick<TarFile, 'body'> & { bytes: number }> {
  if ('artifact' in file) {
    const { ref, body } = await artifacts.read(file.artifact);
    return { bytes: ref.bytes, body };
  }
  const content = 'text' in file ? Buffer.from(file.text) : Buffer.from(file.base64, 'base64');
  return { bytes: content.length, body: Readable.from([content]) };
}

/** Takes the files out, each into an artifact; null: an optional one that is not there. */
export async function takeFiles(
  engine: Engine,
  id: string,
  wanted: readonly FileOut[],
  artifacts: Artifacts,
): Promise<Record<string, ArtifactRef | null> | Failure> {
  const taken: Record<string, ArtifactRef | null> = {};
  for (const file of wanted) {
    const found = await takeFile(engine, id, file, artifacts); // oxlint-disable-line no-await-in-loop
    if (found !== null && 'kind' in found) return found;
    taken[file.path] = found;
  }
  return taken;
}

async function takeFile(
  engine: Engine,
  id: string,
  { path, mediaType, optional }: FileOut,
  artifacts: Artifacts,
): Promise<ArtifactRef | null | Failure> {
  const archive = await archiveOf(engine, id, path);
  if (archive === null) {
    return optional
      ? null
      : failure('file_missing', `The container has left no file "${path}" in ${ROOT}/${OUT}`, { details: { path } });
  }
  try {
    const entry = await readFirst(archive);
    // A link could lead anywhere, and a folder is no file.
    if (entry.kind === 'other') return failure('not_a_file', `"${path}" is a folder or a link`, { details: { path } });
    return await artifacts.write({ name: path, ...(mediaType !== undefined && { mediaType }) }, entry.body);
  } finally {
    archive.destroy();
  }
}

async function archiveOf(engine: Engine, id: string, path: string): Promise<IncomingMessage | null> {
  try {
    return await engine.stream('GET', `/containers/${id}/archive`, { query: { path: `${ROOT}/${OUT}/${path}` } });
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return null;
    throw error;
  }
}
