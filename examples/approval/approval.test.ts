/** The same workflow, tested in TypeScript: any test runner will do. `npx vitest run examples/approval` runs this one. */
import { everyCrash, testWorkflow } from '@weft/testing';
import { expect, test } from 'vitest';

const workflow = new URL('workflow.yaml', import.meta.url);
const input = { item: 'chairs', amount: 900 };

test('an answer that is no form is refused, and the question stays open', async () => {
  const run = await testWorkflow(workflow, { input });

  expect(await run.run()).toMatchObject({ status: 'interrupted', questions: [{ message: 'Buy chairs for 900?' }] });
  await expect(run.answer('ask', { approved: 'yes' })).rejects.toThrow('does not match its schema');
  await run.answer('ask', { approved: true, limit: 850 }, { by: 'grace' });
  expect(await run.run()).toMatchObject({ status: 'succeeded', output: { bought: { limit: 850 } } });
});

test('an answer after ten minutes is too late', async () => {
  const run = await testWorkflow(workflow, { input });
  await run.run();
  const result = await run.advance('10m');

  expect(result).toMatchObject({ status: 'succeeded', output: { bought: null }, durationMs: 600_000 });
  await expect(run.answer('ask', { approved: true })).rejects.toThrow('nothing is asked');
});

test('nothing is bought twice or forgotten, wherever the processes die', async () => {
  const explored = await everyCrash(async (options) => {
    const run = await testWorkflow(workflow, { input, ...options });
    return run.whenAsked('ask', { approved: true }, { after: '5m' }).run();
  });

  expect(explored.report()).toContain('"bought": "chairs"');
  expect(explored.same).toBe(true);
});
