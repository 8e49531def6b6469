import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Redis } from 'ioredis';

/**
 * Each script is a file with a header of its KEYS and ARGV. Those of lanes share a prelude, as do those of the live log
 * and those of endpoints.
 * `freesMemory`: it may run when the memory of Redis is full, since work that is done must be taken off it.
 */
const SCRIPTS = {
  publish: { prelude: 'lane', freesMemory: false },
  claim: { prelude: 'lane', freesMemory: true },
  release: { prelude: 'lane', freesMemory: true },
  recall: { prelude: 'lane', freesMemory: true },
  claimed: { prelude: 'lane', freesMemory: true },
  held: { prelude: 'lane', freesMemory: true },
  peek: { prelude: 'lane', freesMemory: true },
  announce: { prelude: null, freesMemory: true },
  notify: { prelude: null, freesMemory: true },
  admit: { prelude: null, freesMemory: false },
  'endpoint-look': { prelude: 'endpoint', freesMemory: true },
  'endpoint-begin': { prelude: 'endpoint', freesMemory: true },
  'endpoint-renew': { prelude: 'endpoint', freesMemory: true },
  'endpoint-end': { prelude: 'endpoint', freesMemory: true },
  'endpoint-set': { prelude: 'endpoint', freesMemory: true },
  reply: { prelude: null, freesMemory: false },
  mailbox: { prelude: null, freesMemory: false },
  'live-append': { prelude: 'live', freesMemory: false },
  'live-since': { prelude: 'live', freesMemory: true },
  'live-read': { prelude: 'live', freesMemory: true },
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
  const { prelude, freesMemory } = SCRIPTS[name];
  const text = [freesMemory ? '#!lua flags=allow-oom' : '', prelude === null ? '' : read(prelude), read(name)]
    .join('\n')
    .trimStart();
  const source = { text, sha: createHash('sha1').update(text).digest('hex') };
  sources.set(name, source);
  return source;
}

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, 'scripts', `${file}.lua`), 'utf8');
}
