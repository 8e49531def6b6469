import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Redis } from 'ioredis';

/**
 * Each script is a file with a header of its KEYS and ARGV. `lane` scripts share a prelude. `freesMemory`: it may run
 * when the memory of Redis is full, since work that is done must be taken off it.
 */
const SCRIPTS = {
  publish: { lane: true, freesMemory: false },
  claim: { lane: true, freesMemory: true },
  release: { lane: true, freesMemory: true },
  recall: { lane: true, freesMemory: true },
  claimed: { lane: true, freesMemory: true },
  held: { lane: true, freesMemory: true },
  peek: { lane: true, freesMemory: true },
  announce: { lane: false, freesMemory: true },
  notify: { lane: false, freesMemory: true },
} as const;

export type ScriptName = keyof typeof SCRIPTS;

type Source = { text: string; sha: string };

const sources = new Map<ScriptName, Source>();

/** Runs scripts by their hash. A server that does not know one (new, or flushed) is sent its text. */
export class Scripts {
  readonly #client: Redis;
  #uploads = 0;

  constructor(client: Redis) {
    this.#client = client;
  }

  /** How often a text had to be sent. Such a script ran later than those that were called after it. */
  get uploads(): number {
    return this.#uploads;
  }

  async run(name: ScriptName, key: string, args: readonly (string | number)[]): Promise<unknown> {
    const { sha, text } = sourceOf(name);
    try {
      return await this.#client.evalsha(sha, 1, key, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      this.#uploads += 1;
      return await this.#client.eval(text, 1, key, ...args);
    }
  }
}

function sourceOf(name: ScriptName): Source {
  const known = sources.get(name);
  if (known !== undefined) return known;
  const { lane, freesMemory } = SCRIPTS[name];
  const text = [freesMemory ? '#!lua flags=allow-oom' : '', lane ? read('lane') : '', read(name)]
    .join('\n')
    .trimStart();
  const source = { text, sha: createHash('sha1').update(text).digest('hex') };
  sources.set(name, source);
  return source;
}

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, 'scripts', `${file}.lua`), 'utf8');
}
