/** The decision of the whole mesh, made by whichever process has the turn: for those who look, and for outside autoscalers. */
import { SCALING_RULES } from '../../domain/scaling/decide-scaling.ts';
import type { MeshStore } from '../../ports/index.ts';
import { eventOf, judge } from './judge.ts';
import type { WorkDeps } from './read-work.ts';

const BY_THE_MESH = 'mesh';
export async function evaluateScaling(deps: WorkDeps & { mesh: MeshStore }): Promise<void> {
  const { slaMs, memory: before, now } = await deps.mesh.scaling();
  const { decision, memory } = await judge(deps, { slaMs, lanes: null, before, now, rules: SCALING_RULES });
  await deps.mesh.saveScaling(decision, memory);
  if (decision.action === 'hold') return;
  await deps.mesh.addScalingEvent(eventOf(decision, { by: BY_THE_MESH, workers: decision.totalNodes }));
}
