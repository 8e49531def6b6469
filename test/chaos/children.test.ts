import type { WorkflowDocument } from '@weft/contract';
import type { Rig } from '@weft/testkit';
import { describe, expect, test, vi } from 'vitest';

import { useScene } from './use-rigs.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };

const child: WorkflowDocument = {
  name: 'child',
  input: { type: 'object', properties: { x: { type: 'number' } } },
  nodes: { work: { type: 'task', uses: 'echo', with: { doubled: '${input.x}' } } },
};

const parent: WorkflowDocument = {
  name: 'parent',
  nodes: {
    sub: { type: 'subgraph', workflow: 'child', input: { x: '${input.x}' } },
    next: { type: 'task', uses: 'echo', needs: ['sub'], with: '${sub}' },
  },
  output: '${next}',
};

async function save(rig: Rig, document: WorkflowDocument): Promise<void> {
  await rig.engine.saveWorkflow({ tenant: 'default', document });
}

/** The id of the run's child, once it has been asked for. */
async function childOf(rig: Rig, runId: string, key = 'sub#0'): Promise<string> {
  return vi.waitUntil(async () => {
    const detail = (await rig.tasks(runId))[key]?.detail;
    return detail?.kind === 'child' && detail.runId;
  }, PATIENCE);
}

describe('child runs', () => {
  const scenes = useScene();

  test('A10: give their output to the node that they are of', async () => {
    const rig = await scenes().rig({});
    await save(rig, child);
    const run = await rig.run(parent, { input: { x: 4 } });

    expect(run.head.status).toBe('succeeded');
    expect(run.output).toEqual({ doubled: 4 });
  });

  test('one for each item of a send, with the outputs in order', async () => {
    const rig = await scenes().rig({});
    await save(rig, child);
    const items = Array.from({ length: 30 }, (_, n) => n);
    const run = await rig.run(
      {
        name: 'many',
        nodes: {
          each: { type: 'send', items: '${input.items}', target: 'sub', concurrency: 7 },
          sub: { type: 'subgraph', workflow: 'child', input: { x: '${item}' } },
        },
        output: '${each}',
      },
      { input: { items } },
    );

    expect(run.output).toEqual(items.map((doubled) => ({ doubled })));
  });

  test.each([
    ['of a workflow that does not exist', 'nowhere', {}, 'there is no workflow nowhere'],
    ['with an input that does not fit', 'child', { x: 'four' }, 'the input does not match'],
  ])('%s fail their node', async (_, workflow, input, message) => {
    const rig = await scenes().rig({});
    await save(rig, child);
    const run = await rig.run({ name: 'bad', nodes: { sub: { type: 'subgraph', workflow, input } } });

    expect(run.error).toMatchObject({ code: 'child_failed', message: expect.stringContaining(message) });
  });

  test('lie at most ten deep', async () => {
    const rig = await scenes().rig({});
    const run = await rig.run({ name: 'endless', nodes: { sub: { type: 'subgraph', workflow: 'endless' } } });

    expect(run.error?.code).toBe('child_failed');
    expect(JSON.stringify(run.error)).toContain('at most 10 deep');
  });

  test('A10: whose start was lost with the process that asked for it are started by the sweeper', async () => {
    const scene = scenes();
    let isLost = true;
    const rig = await scene.rig({
      decorate: (deps) => ({
        ...deps,
        dispatch: {
          ...deps.dispatch,
          async startMail(runId) {
            if (!isLost) return deps.dispatch.startMail(runId);
            isLost = false;
            throw new Error('the process is gone');
          },
        },
      }),
    });
    await save(rig, child);
    const run = await rig.run(parent, { input: { x: 1 } });

    expect(run.output).toEqual({ doubled: 1 });
    expect(rig.engine.sweeper.repairs.neglected).toBeGreaterThan(0);
  });

  test('A13: are cancelled with their parent', async () => {
    const rig = await scenes().rig({});
    await save(rig, { name: 'child', nodes: { ask: { type: 'interrupt' } } });
    const runId = await rig.start(parent);
    const childId = await childOf(rig, runId);
    await vi.waitUntil(async () => (await rig.tasks(childId))['ask#0'], PATIENCE);
    await rig.engine.cancelRun({ tenant: 'default', runId, reason: 'enough' });

    expect((await rig.ended(childId)).head.status).toBe('cancelled');
  });

  test('B8: whose questions wait interrupt their parent, and an answer through the parent lets both go on', async () => {
    const rig = await scenes().rig({});
    await save(rig, { name: 'child', nodes: { ask: { type: 'interrupt' } }, output: { said: '${ask}' } });
    const runId = await rig.start(parent);
    await vi.waitUntil(async () => (await rig.tasks(runId))['sub#0']?.waits === 'child_answer', PATIENCE);
    const childId = await childOf(rig, runId);
    const question = (await rig.tasks(childId))['ask#0']?.id ?? '';
    await rig.engine.resumeRun({
      tenant: 'default',
      runId,
      answers: { [question]: 'yes' },
      stateUpdates: null,
      by: null,
    });

    expect((await rig.ended(runId)).output).toEqual({ said: 'yes' });
  });
});
