/** A thread of the simulator: runs every seed of its share, and says what came of it. */
import { parentPort, workerData } from 'node:worker_threads';

import { runAndCheck } from './run-seeds.ts';

type Share = { from: number; to: number; stride: number; faults: string[] | null };

const { from, to, stride, faults } = workerData as Share;
// Errors are thrown by the thousand here, and nobody looks where they come from.
Error.stackTraceLimit = 0;
for (let seed = from; seed < to; seed += stride) parentPort?.postMessage(await runAndCheck(seed, faults), []);
