/** One run of something that should turn red on mutated sources. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

import type { Catcher } from './mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What caught the mutants; null if nothing did. Throws if it could not even begin. */
export async function trial(patches: readonly string[], catcher: Catcher): Promise<string | null> {
  const args = 'seeds' in catcher ? simulation(catcher) : suite(catcher);
  const { code, output } = await run(args, { WEFT_MUTANTS: patches.join(',') });
  if (code === 0) return null;
  const caught = 'seeds' in catcher ? firstSeed(output) : firstTest(output);
  if (caught === null)
    throw new Error(`${args.join(' ')} ended with ${code}, and caught nothing:\n${output.slice(-3000)}`);
  return caught;
}

function simulation({ seeds, faults }: Extract<Catcher, { seeds: number }>): string[] {
  const only = faults ? ['--faults', faults.join(',')] : [];
  return ['--import', './test/mutants/hook.ts', 'test/simulation/main.ts', '--seeds', String(seeds), ...only];
}

function suite({ project, tests, title }: Extract<Catcher, { tests: string }>): string[] {
  const named = title === '' ? [] : ['-t', title];
  const config = ['--config', 'test/mutants/vitest.config.ts', '--project', project];
  return ['node_modules/vitest/vitest.mjs', 'run', ...config, tests, ...named];
}

function firstSeed(output: string): string | null {
  const found = /seed (\d+) FAILED[^\n]*\n\s*([^\n]*)/.exec(output);
  return found ? `seed ${found[1]}: ${found[2]?.slice(0, 110)}` : null;
}

function firstTest(output: string): string | null {
  const found = /FAIL\s+([^\n]*)/.exec(stripVTControlCharacters(output));
  return found?.[1]?.slice(0, 130) ?? null;
}

function run(args: readonly string[], env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
    let output = '';
    const take = (piece: Buffer): void => {
      output += piece.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
