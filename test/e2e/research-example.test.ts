/** The example research-agent with the commands of its page: a run, a fork of it with another prompt, and both compared. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { CheckpointDiff, RunComparison } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { DevProcess } from './dev-process.ts';
import { startDevProcess } from './dev-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'research-agent');
const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts');

let dataDir: string;
let stack: DevProcess;
let model: ChildProcess;
let baseUrl: string;
let page: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-research-'));
  vi.stubEnv('WEFT_SECRET_OPENAI_API_KEY', 'anything');
  page = await readFile(join(EXAMPLE, 'README.md'), 'utf8');
  const child = spawn(process.execPath, [join(EXAMPLE, 'server.mjs'), '0']);
  model = child;
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  baseUrl = /http:\S+/.exec(line.toString())?.[0] ?? '';
  stack = await startDevProcess(dataDir);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await stack?.stop();
  model?.kill();
  await rm(dataDir, { recursive: true, force: true });
});

async function weft(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, '--url', stack.url, ...args], { cwd: ROOT });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

/** The prompt that the page edits. */
const editOfPage = (): string => /--edit '(plan\.with\.prompt=[^']+)'/.exec(page)?.[1] ?? '';

const idIn = (said: string): string => /^run (\S+) /m.exec(said)?.[1] ?? '';

describe('the example research-agent', () => {
  test('is forked at its second step with another prompt, and both are compared', async () => {
    const question = 'Is a heat pump worth it?';
    const run = await weft('run', 'examples/research-agent', '-i', `question=${question}`, '-i', `baseUrl=${baseUrl}`);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.out)).toMatchObject({ report: expect.stringContaining('electricity'), questions: [{}, {}] });
    const runId = idIn(run.err);

    const fork = await weft('fork', `${runId}@2`, '--edit', editOfPage(), '--watch');
    expect([fork.code, fork.err]).toEqual([0, expect.stringContaining(`, forked from ${runId}@2\n`)]);
    expect((JSON.parse(fork.out) as { questions: string[] }).questions).toHaveLength(4);
    const forkId = idIn(fork.err);

    const { code, out } = await weft('compare', runId, forkId);
    expect(code).toBe(0);
    expect(out).toContain(`B comes from A: the same up to ${runId}@2\n`);
    expect(out).toMatch(/^~ plan > with > prompt = "Name two questions .* -> "Name four questions/m);
    expect(out).toMatch(/^open +✓ succeeded +✓ succeeded, kept .*equal$/m);
    expect(out).toMatch(/^look-up .* 2 -> 4 .* 2 only in B, 2 equal$/m);

    const told = JSON.parse((await weft('compare', runId, forkId, '--json')).out) as RunComparison;
    expect(told.nodes.map(({ node }) => node)).toEqual(['open', 'plan', 'research', 'look-up', 'write']);
    expect(told.to.usage.inputTokens).toBeGreaterThan(told.from.usage.inputTokens);
    const lookUp = told.nodes.find(({ node }) => node === 'look-up');
    expect(lookUp?.outputs).toEqual({ equal: 2, different: 0, onlyFrom: 0, onlyTo: 2 });

    const ends = [`${runId}@${told.from.step}`, `${forkId}@${told.to.step}`];
    const diff = JSON.parse((await weft('diff', ...ends, '--json')).out) as CheckpointDiff;
    expect(diff.usage).toEqual({ from: told.from.usage, to: told.to.usage });
  });

  test('cannot be planned anew once the plan is made, which is told with what to do', async () => {
    const started = await weft('run', 'examples/research-agent', '-i', 'question=x', '-i', `baseUrl=${baseUrl}`);
    const { code, err } = await weft('fork', `${idIn(started.err)}@3`, '--edit', editOfPage());

    expect(code).toBe(7);
    expect(err).toContain('the node plan had finished by step 3');
    expect(err).toContain('(node_finished)');
  });
});
