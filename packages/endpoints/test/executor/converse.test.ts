import type { JsonObject } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { broken, endpoint, rigOf, said } from './rig.ts';

const two = [endpoint('a'), endpoint('b')];
const call = (name: string, args: JsonObject, id = 'c1') => ({ id, name, arguments: args });

describe('an agent', () => {
  test('takes turn after turn at the same endpoint, each its own attempt that the journal tells of', async () => {
    let turn = 0;
    const rig = rigOf({ endpoints: two, answer: () => said(`turn ${++turn}`) });
    const outcomes = await rig.runAll({ continuePrompt: 'Go on', maxTurns: 3 });

    expect(outcomes).toMatchObject([
      { kind: 'again', isTurn: true, afterMs: 0, note: { turn: 1, text: 'turn 1' } },
      { kind: 'again', isTurn: true, note: { turn: 2, text: 'turn 2' } },
      { kind: 'succeeded', output: 'turn 3' },
    ]);
    expect(new Set(rig.calls.map(({ target }) => target.name)).size).toBe(1);
    expect(new Set(rig.calls.map(({ sessionKey }) => sessionKey)).size).toBe(1);
    expect(new Set(rig.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
    expect(rig.calls[2]?.messages.map(({ role, content }) => `${role} ${content}`)).toEqual([
      'user Begin',
      'assistant turn 1',
      'user Go on',
      'assistant turn 2',
      'user Go on',
    ]);
  });

  test('stops when the other side says that it is done, or sends the run elsewhere', async () => {
    const done = rigOf({ answer: () => said('done', { isDone: true }) });
    expect(await done.runAll({ continuePrompt: 'Go on' })).toMatchObject([{ kind: 'succeeded', output: 'done' }]);
    const gone = rigOf({ answer: () => said('x', { goto: ['b'], stateUpdates: { n: 1 } }) });
    expect(await gone.runAll({ continuePrompt: 'Go on' })).toMatchObject([
      { kind: 'succeeded', goto: ['b'], stateUpdates: { n: 1 } },
    ]);
  });

  test('writes to the state with each turn', async () => {
    const rig = rigOf({ answer: () => said('x', { stateUpdates: { n: 1 } }) });
    const outcomes = await rig.runAll({ continuePrompt: 'Go on', maxTurns: 2 });
    expect(outcomes).toMatchObject([
      { kind: 'again', stateUpdates: { n: 1 } },
      { kind: 'succeeded', stateUpdates: { n: 1 } },
    ]);
  });

  test('goes on with the turn in which it has failed, and keeps what it was answered when it cannot go on', async () => {
    const answers = [said('one'), broken(), said('two'), broken({ retryable: false, isFault: false })];
    const rig = rigOf({ answer: () => answers.shift() ?? said('never') });
    const outcomes = await rig.runAll({ continuePrompt: 'Go on', maxTurns: 5 });

    expect(outcomes.map(({ kind }) => kind)).toEqual(['again', 'failed', 'again', 'succeeded']);
    expect(outcomes.at(-1)).toMatchObject({ output: 'two' });
    expect(rig.calls.map(({ messages }) => messages.length)).toEqual([1, 3, 3, 5]);
  });

  test('has its tools run, and tells the endpoint what came of them', async () => {
    const answers = [said('', { toolCalls: [call('look', { q: 'x' }), call('nothing', {}, 'c2')] }), said('it is 42')];
    const rig = rigOf({
      answer: () => answers.shift() ?? said('never'),
      tools: () => ({ kind: 'ended', output: { found: 42 }, error: null }),
    });
    const tools = { look: { uses: 'echo', with: { fixed: true }, description: 'Looks it up' } };
    const outcomes = await rig.runAll({ tools });

    expect(outcomes).toMatchObject([
      { kind: 'again', isTurn: true, note: { tools: ['look', 'nothing'] } },
      { kind: 'succeeded', output: 'it is 42' },
    ]);
    expect(rig.calls[0]?.tools).toEqual([{ name: 'look', description: 'Looks it up', parameters: { type: 'object' } }]);
    expect(rig.started).toMatchObject([
      {
        tenant: 'default',
        input: { q: 'x', fixed: true },
        work: { document: { nodes: { call: { type: 'task', uses: 'echo', with: '${input}' } } } },
      },
    ]);
    expect(rig.calls[1]?.messages.slice(2)).toMatchObject([
      { role: 'tool', toolCallId: 'c2', content: expect.stringContaining('there is no tool nothing') },
      { role: 'tool', toolCallId: 'c1', content: '{"found":42}' },
    ]);
  });

  test('is not let start more tools in a turn than there may be', async () => {
    const calls = Array.from({ length: 70 }, (_, at) => call('look', {}, `c${at}`));
    const answers = [said('', { toolCalls: calls }), said('enough')];
    const rig = rigOf({
      answer: () => answers.shift() ?? said('never'),
      tools: () => ({ kind: 'ended', output: 1, error: null }),
    });
    await rig.runAll({ tools: { look: { uses: 'echo' } } });

    expect(rig.started).toHaveLength(64);
    const refused = rig.calls[1]?.messages.filter(({ content }) => content?.includes('too_many_tool_calls'));
    expect(refused).toHaveLength(6);
  });

  test('tells who watches what the endpoint has for them', async () => {
    const told: unknown[] = [];
    const rig = rigOf({ answer: () => said('yes', { uiMessages: [{ text: 'half way' }] }) });
    await rig.run({}, { emit: (data) => void told.push(data) });

    expect(told).toContainEqual({ type: 'ui_message', message: { text: 'half way' } });
  });

  test('waits outside of its slot for a tool that takes long, and does not run it twice', async () => {
    let looks = 0;
    const answers = [said('', { toolCalls: [call('slow', {})] }), said('done')];
    const rig = rigOf({
      answer: () => answers.shift() ?? said('never'),
      tools: () => {
        rig.pass(6000);
        return looks++ === 0
          ? { kind: 'running' }
          : { kind: 'ended', output: null, error: { code: 'boom', message: 'it broke', retryable: false } };
      },
    });
    const outcomes = await rig.runAll({ tools: { slow: { workflow: 'slow' } } });

    expect(outcomes).toMatchObject([
      { kind: 'again' },
      { kind: 'again', note: { waitsFor: 'tools' } },
      { kind: 'succeeded' },
    ]);
    expect(rig.started).toHaveLength(1);
    expect(rig.calls[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: expect.stringContaining('it broke') });
  });

  test('is bounded in its turns and in its time', async () => {
    const asking = rigOf({
      answer: () => said('', { toolCalls: [call('look', {})] }),
      tools: () => ({ kind: 'ended', output: 1, error: null }),
    });
    const outcomes = await asking.runAll({ tools: { look: { uses: 'echo' } }, maxTurns: 3 });
    expect(outcomes.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'agent_out_of_turns' } });
    expect(asking.calls).toHaveLength(3);
    const slow = rigOf({
      answer: () => {
        slow.pass(600);
        return said('so far');
      },
    });
    expect(await slow.runAll({ continuePrompt: 'Go on', maxTurns: 9, loopTimeoutMs: 1000 })).toMatchObject([
      { kind: 'again' },
      { kind: 'again' },
      { kind: 'succeeded', output: 'so far' },
    ]);
  });

  test('is told when a turn takes too long', async () => {
    const rig = rigOf({
      async answer({ signal }) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return broken({ code: 'aborted' });
      },
    });
    expect(await rig.run({ turnTimeoutMs: 20 })).toMatchObject({
      kind: 'failed',
      error: { code: 'turn_timeout', retryable: true },
    });
  });

  test('refuses an input that somebody has edited into something else', async () => {
    expect(await rigOf().run({ prompt: 7 })).toMatchObject({ kind: 'failed', error: { code: 'invalid_input' } });
  });
});
