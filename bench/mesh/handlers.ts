/** What the workers of the benches do beside echo and sleep. */
import type { Json } from '@weft/contract';
import type { HandlerContext } from '@weft/executors';

/** Four tasks in a hundred fail at their first attempt, which a fixed part of the id decides. */
function flaky(input: Json, { attempt, taskId }: HandlerContext): Json {
  const share = Number.parseInt(taskId.replaceAll('-', '').slice(-6), 16) % 100;
  if (attempt === 1 && share < 4) throw new Error('the first attempt fails');
  return input;
}

/** When it was started, by the clock that all processes of a machine share, ms. */
const started = (): Json => ({ at: sharedMs() });

export function sharedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export default { flaky, started };
