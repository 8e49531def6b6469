export { branchPointOf, completeStep, foldTo } from './past-rows.ts';
export { RunRows } from './run-rows.ts';
export type { Loaded } from './run-rows.ts';
export { isLive } from './task-rows.ts';
export { copy, mustBe } from './values.ts';
export { verifyRows } from './verify-rows.ts';
