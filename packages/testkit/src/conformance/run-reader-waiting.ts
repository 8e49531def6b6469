import type { Facts, RunStatus, StepRecord, TaskRecord } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { newRunId, settleOne, step, submitRun, task, unique } from './store-records.ts';

/** Questions, and the steps that dealt with answers and other mail. */
export function readsWaiting(stores: () => StoresUnderTest): void {
  const asks = (id: string): Partial<TaskRecord> => ({
    status: 'waiting',
    waits: 'answer',
    detail: { kind: 'question', id, at: 'node', message: null, expiresAt: null },
  });

  describe('reads questions', () => {
    /** A run whose tasks ask, and others that wait for something else. */
    async function asking(tenant: string, count: number, status: RunStatus = 'interrupted'): Promise<string[]> {
      const keys = Array.from({ length: count }, (_, n) => `q${n}#0`);
      const workflow = { tenant, name: 'flow', version: 1 };
      const head = await submitRun(stores(), {
        head: { workflow, status },
        tasks: (runId) => [
          ...keys.map((key) => task(runId, key, asks(key))),
          task(runId, 'child#0', { ...asks('c'), waits: 'child_answer' }),
          task(runId, 'retry#0', { status: 'waiting', waits: 'retry' }),
          task(runId, 'ready#0'),
        ],
      });
      return keys.map((key) => task(head.id, key).id);
    }

    async function pages(tenant: string, limit: number): Promise<string[][]> {
      const all: string[][] = [];
      for (let afterId: string | null = null; ;) {
        const page = await stores().reader.questions({ tenant, limit, afterId });
        if (page.length === 0) return all;
        all.push(page.map(({ id }) => id));
        afterId = page.at(-1)?.id ?? null;
      }
    }

    test('B8: of a tenant, in the order of their ids, page by page', async () => {
      const [tenant, other] = [unique('tenant'), unique('tenant')];
      const ids = [await asking(tenant, 3), await asking(other, 2), await asking(tenant, 4)];

      const mine = [...(ids[0] ?? []), ...(ids[2] ?? [])].toSorted();
      expect(await pages(tenant, 3)).toEqual([mine.slice(0, 3), mine.slice(3, 6), mine.slice(6)]);
      expect(await pages(other, 9)).toEqual([ids[1]?.toSorted()]);
      expect(await stores().reader.questions({ tenant, limit: 9, afterId: 'no id' })).toEqual([]);
    });

    test('B8: of open runs only, with all that belongs to the task', async () => {
      const tenant = unique('tenant');
      await asking(tenant, 2, 'cancelled');
      const [id] = await asking(tenant, 1, 'running');

      const questions = await stores().reader.questions({ tenant, limit: 9, afterId: null });
      expect(questions).toMatchObject([{ id, key: 'q0#0', waits: 'answer', detail: { id: 'q0#0' } }]);
    });

    test('B8: one that is answered is none any more', async () => {
      const tenant = unique('tenant');
      const { id } = await submitRun(stores(), {
        head: { workflow: { tenant, name: 'flow', version: 1 } },
        tasks: (runId) => [task(runId, 'q#0', asks('q'))],
      });
      const answered = task(id, 'q#0', { status: 'succeeded', detail: asks('q').detail ?? null, settledStep: 2 });
      await settleOne(stores(), id, () => ({ tasks: [answered] }));

      expect(await stores().reader.questions({ tenant, limit: 9, afterId: null })).toEqual([]);
    });
  });

  describe('finds the step', () => {
    async function withSteps(...facts: [StepRecord['type'], Facts][]): Promise<string> {
      const { id } = await submitRun(stores());
      for (const [type, fact] of facts) {
        await settleOne(stores(), id, (_, next) => ({ steps: [step(next.step, { type, facts: fact })] }));
      }
      return id;
    }

    test('A10: that dealt with a message, the newest after the one that is known', async () => {
      const { reader } = stores();
      const [mail, other] = [newRunId(), newRunId()];
      const facts = [mail, other, mail].map((id): [StepRecord['type'], Facts] => ['signal', { v: 1, mail: id }]);
      const id = await withSteps(...facts);

      const numbers = async (mailId: string, after: number) => (await reader.stepOfMail(id, mailId, after))?.step;
      expect(await numbers(mail, 0)).toBe(4);
      expect(await numbers(mail, 3)).toBe(4);
      expect(await numbers(mail, 4)).toBeUndefined();
      expect(await reader.stepOfMail(id, other, 0)).toMatchObject({ step: 3, type: 'signal', facts: { mail: other } });
      expect(await reader.stepOfMail(id, newRunId(), 0)).toBeNull();
    });

    test('B8: that answered a question', async () => {
      const { reader } = stores();
      const id = await withSteps(
        ['answered', { v: 1, answer: { id: 'q1', by: 'ann' } }],
        ['answered', { v: 1, answer: { id: 'q2', by: null } }],
        ['signal', { v: 1, answer: { id: 'q3', by: null } }],
      );

      expect(await reader.stepOfAnswer(id, 'q1')).toMatchObject({ step: 2, facts: { answer: { by: 'ann' } } });
      expect(await reader.stepOfAnswer(id, 'q2')).toMatchObject({ step: 3 });
      expect(await reader.stepOfAnswer(id, 'q3')).toBeNull();
    });
  });
}
