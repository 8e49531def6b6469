export { branchPointOf, completeStep, foldTo } from './past-rows.ts';
export { isLive, mustBe, RunRows } from './run-rows.ts';
export type { Loaded, RowsDump } from './run-rows.ts';
export { verifyRows } from './verify-rows.ts';
