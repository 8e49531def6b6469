import type { Task } from '@weft/contract';
import { createClient } from '@weft/sdk';
import { expect, test } from 'vitest';
import { waitingLines } from '../src/output/waiting-lines.ts';
import { answeringServer } from './answering-server.ts';

test('show tells of workers that somebody has cordoned, and not of a task that is about to be claimed', async () => {
  const reasons = [
    { code: 'workers_closed', message: 'all workers of lane default (1) are cordoned' },
    { code: 'on_lane', message: 'the task is on lane default' },
  ];
  const url = await answeringServer({ status: 200, body: { reasons } });
  const task = { id: '0198a000-0000-8000-8000-00000000000a', status: 'ready', lane: 'default', node: 'a' } as Task;
  const lines = await waitingLines(createClient({ url }), [task], new AbortController().signal);
  expect(lines).toEqual(['a waits: all workers of lane default (1) are cordoned']);
});
