import type { WorkflowDocument } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { parseRecording, replayRecording, testWorkflow } from '../src/index.ts';
import type { Recording } from '../src/index.ts';
import { asRecorded } from './as-recorded.ts';

const DOCUMENT: WorkflowDocument = {
  name: 'flow',
  state: { spent: { type: 'number', reducer: 'add', default: 0 }, last: { type: 'any' } },
  nodes: {
    fetch: { type: 'task', uses: 'http', with: {}, output: 'last', retry: { maxAttempts: 2, initialMs: 10 } },
    big: {
      type: 'route',
      on: "nodes.fetch.size > 10.0 ? 'big' : 'small'",
      routes: { big: 'ask', small: 'end' },
      needs: ['fetch'],
    },
    ask: { type: 'interrupt', message: 'Go on?' },
    cut: { type: 'task', uses: 'handler:cut', with: '${ask}', needs: ['ask'] },
    end: { type: 'task', uses: 'echo', with: { size: '${fetch.size}', cut: '${cut}' }, needs: ['cut'], join: 'any' },
  },
};

async function recorded(): Promise<Recording> {
  const t = await testWorkflow(DOCUMENT);
  t.node('fetch').fails({ code: 'busy' }, 1).returns({ size: 20 });
  t.node('cut').returns('cut', { stateUpdates: { spent: 3 } });
  t.whenAsked('ask', 'yes', { by: 'ada' });
  return asRecorded(await t.run(), DOCUMENT);
}

const changed = (nodes: Partial<WorkflowDocument['nodes']>): WorkflowDocument => ({
  ...DOCUMENT,
  nodes: { ...DOCUMENT.nodes, ...(nodes as WorkflowDocument['nodes']) },
});

describe('a recorded run', () => {
  test('holds what came of each attempt and what reached the run from outside, and no inputs of tasks', async () => {
    const { attempts, events, timers, ended } = await recorded();

    expect(attempts).toMatchObject({
      'fetch#0': [
        { result: 'failed', error: { code: 'busy' } },
        { result: 'succeeded', output: { size: 20 } },
      ],
      'cut#0': [{ result: 'succeeded', output: 'cut', stateUpdates: { spent: 3 } }],
    });
    expect(attempts['fetch#0']?.[1]).not.toHaveProperty('stateUpdates');
    expect(events).toMatchObject([{ type: 'answer', key: 'ask#0', value: 'yes', by: 'ada' }]);
    expect(Object.keys(timers)).toEqual(['fetch#0']);
    expect(ended).toMatchObject({
      status: 'succeeded',
      path: ['fetch', 'big', 'ask', 'cut', 'end'],
      state: { spent: 3, last: { size: 20 } },
    });
  });

  test('goes the same way again with the workflow as it was', async () => {
    const replayed = await replayRecording(await recorded());

    expect(replayed.report()).toBe('the replay went as the recorded run did');
    expect(replayed.same).toBe(true);
  });

  test('goes the same way with a workflow that means the same', async () => {
    const replayed = await replayRecording(await recorded(), {
      workflow: changed({
        big: { type: 'route', on: 'nodes.fetch.size > 10.0', routes: { true: 'ask', false: 'end' }, needs: ['fetch'] },
      }),
    });

    expect(replayed.differences.map(({ what }) => what)).toEqual([]);
  });

  test('shows what a changed workflow makes of it', async () => {
    const replayed = await replayRecording(await recorded(), {
      workflow: changed({
        big: {
          type: 'route',
          on: "nodes.fetch.size > 100.0 ? 'big' : 'small'",
          routes: { big: 'ask', small: 'end' },
          needs: ['fetch'],
        },
      }),
    });

    expect(replayed.same).toBe(false);
    expect(replayed.report()).toBe(
      [
        'path:',
        '  - fetch → big → ask → cut → end',
        '  + fetch → big → end',
        'output:',
        '  ~ /cut: "cut" → null',
        'state:',
        '  ~ /spent: 3 → 0',
        'tasks:',
        '  ~ /ask#0: "succeeded" → "skipped"',
        '  ~ /cut#0: "succeeded" → "skipped"',
      ].join('\n'),
    );
  });

  test('stops at a node that it does not know, unless a script does', async () => {
    const workflow = changed({
      extra: { type: 'task', uses: 'http', with: { size: '${fetch.size}' }, needs: ['fetch'] },
      end: { type: 'task', uses: 'echo', with: '${extra}', needs: ['extra', 'cut'], join: 'allDone' },
    });
    const stopped = await replayRecording(await recorded(), { workflow });
    const scripted = await replayRecording(await recorded(), {
      workflow,
      script: (t) => t.node('extra').returns('more'),
    });

    expect(stopped.differences[0]).toMatchObject({
      what: 'stopped',
      lines: [
        expect.stringContaining('the node "extra" of "flow" was reached'),
        expect.stringContaining('{"size":20}'),
        expect.anything(),
      ],
    });
    expect(scripted.result).toMatchObject({ status: 'succeeded', output: 'more' });
    expect(scripted.differences.map(({ what }) => what)).toEqual(['path', 'output', 'tasks']);
  });

  test('is refused in another version of the format, or if it is none', async () => {
    const text = JSON.stringify({ ...(await recorded()), weftRecording: 2 });

    expect(() => parseRecording(text, 'a.json')).toThrow(
      'a.json has version 2 of the format; this Weft reads version 1: record the run again',
    );
    expect(() => parseRecording('{}', 'a.json')).toThrow('a.json is no recording of a run');
    expect(() => parseRecording('{', 'a.json')).toThrow('a.json is no JSON');
    expect(() => parseRecording('{"weftRecording":1,"run":{}}', 'a.json')).toThrow(
      /no whole recording\n {2}\/workflow/,
    );
    await expect(replayRecording('none.weft-recording.json')).rejects.toThrow(
      'none.weft-recording.json cannot be read',
    );
  });

  test('is not made of a run that goes on', async () => {
    const t = await testWorkflow({ name: 'flow', nodes: { ask: { type: 'interrupt' } } });

    const result = await t.run();
    expect(() => asRecorded(result, DOCUMENT)).toThrow('has not ended (interrupted)');
  });
});
