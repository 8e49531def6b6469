/** Artifacts in this process's memory: for tests, and for what ends with its process. */
import { boundsOf, tooLarge } from '../../ports/index.ts';
import type { ArtifactStore } from '../../ports/index.ts';
import { contentName } from './content-hash.ts';

export function createMemoryArtifactStore(now: () => number = Date.now): ArtifactStore {
  const contents = new Map<string, { body: Uint8Array<ArrayBuffer>; modifiedAt: number }>();
  return {
    async put(body, { maxBytes, signal, claim }) {
      const whole = await gather(body, maxBytes, signal);
      const content = { artifact: await contentName(whole), bytes: whole.length };
      await claim?.(content);
      contents.set(content.artifact, { body: whole, modifiedAt: now() });
      return content;
    },
    async open(artifact, range) {
      const content = contents.get(artifact);
      if (!content) return null;
      const { from, end } = boundsOf(range, content.body.length);
      return { bytes: content.body.length, body: once(content.body.subarray(from, end)) };
    },
    async remove(artifact) {
      contents.delete(artifact);
    },
    async *list() {
      for (const [artifact, { body, modifiedAt }] of contents) yield { artifact, bytes: body.length, modifiedAt };
    },
  };
}

async function gather(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    signal?.throwIfAborted();
    bytes += part.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    parts.push(part.slice());
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield body;
}
