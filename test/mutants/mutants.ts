/**
 * Deliberate breakages of the safety nets. Each is one line of a source file that another takes the place of when the file is
 * loaded; a line that is not there any more is an error. Nothing of this is in the product.
 */

export type Patch = { file: string; from: string; to: string };

export const PATCHES = {
  noFence: {
    file: 'packages/engine/src/domain/run/decide.ts',
    from: 'task.attempt === ref.attempt',
    to: 'ref.attempt > 0',
  },
  noKeyAtStart: {
    file: 'packages/engine/src/runtime/start-runs.ts',
    from: '    idempotency,\n    forkedFrom:',
    to: '    idempotency: idempotency && null,\n    forkedFrom:',
  },
  unknownMeansFailed: {
    file: 'packages/engine/src/runtime/settler.ts',
    from: "this.#deps.log.warn({ err: error, items: items.length }, 'the store did not take a batch; trying again');",
    to: 'if (error.outcomeUnknown) break;',
  },
  ackBeforeCommit: {
    file: 'packages/engine/src/runtime/worker/run-attempt.ts',
    from: "  const event = { type: 'outcome', outcome, worker, ranMs, ...attemptOf(message) } as const;",
    to: "  await broker.publish([], [message]);\n  const event = { type: 'outcome', outcome, worker, ranMs, ...attemptOf(message) } as const;",
  },
  ackBeforeCommitNeeds: {
    file: 'packages/engine/src/runtime/worker/run-attempt.ts',
    from: 'async function settle(\n  { settler }: WorkerDeps,',
    to: 'async function settle(\n  { settler, broker }: WorkerDeps,',
  },
  wallClockLiveness: {
    file: 'packages/engine/src/runtime/liveness.ts',
    from: '    return workers.map(({ id }) => id).filter((id) => now - (sightings.get(id)?.since ?? now) >= deadAfterMs);',
    to: '    return workers.filter(({ beatAt }) => clock.now() - beatAt >= deadAfterMs).map(({ id }) => id);',
  },
  letGoAtShutdown: {
    file: 'packages/engine/src/runtime/worker/run-attempt.ts',
    from: '  else await drop(deps, message);',
    to: '  else await drop(deps, message);\n  void handBack;',
  },
  noHandBack: {
    file: 'packages/engine/src/runtime/worker/run-attempt.ts',
    from: '  else if (isHandedBack(stop.signal)) await handBack(deps, slot);',
    to: '',
  },
  letGoOnly: {
    file: 'packages/engine/src/runtime/worker/worker.ts',
    from: '      await pause(this.#deps.clock, CLAIM_RETRY_MS);\n      await handBack(this.#deps, slot);',
    to: '      void handBack;\n      await this.#deps.broker.publish([], [slot.message]).catch(() => undefined);',
  },
  mailTwice: {
    file: 'packages/engine/src/runtime/steering/letters.ts',
    from: '    const key = this.#keyIsSent ? null : this.#key;',
    to: '    const key = this.#keyIsSent ? this.#key && null : null;',
  },
  mailTwiceNeeds: {
    file: 'packages/engine/src/runtime/steering/letters.ts',
    from: '    const random = this.#key ? hashBytes({ ...this.#key, runId }) : clock.randomBytes(10);',
    to: '    const random = this.#key && false ? hashBytes({ ...this.#key, runId }) : clock.randomBytes(10);',
  },
  forgetsParent: {
    file: 'packages/engine/src/runtime/messages.ts',
    from: 'const isStart = isFirst && head.asking === 0 && head.parent === null;',
    to: 'const isStart = isFirst && head.asking === 0;',
  },
  noResumeByStep: {
    file: 'packages/engine/src/runtime/queries/run-events.ts',
    from: '    this.step = after.step;',
    to: '    this.step = after.step && 0;',
  },
  noRunLock: {
    file: 'packages/postgres/src/queries/load-snapshots.ts',
    from: "order by r.id for no key update ${wait ? '' : 'skip locked'}",
    to: 'order by r.id',
  },
  noOffersSweep: {
    file: 'packages/engine/src/runtime/sweeper.ts',
    from: "    await this.#step('offers', () => this.#republish());",
    to: "    await this.#step('offers', async () => void this.#republish.name);",
  },
  noDiscovery: {
    file: 'packages/engine/src/runtime/sweeper.ts',
    from: "    await this.#step('backlog', () => this.#deps.admission.discover());",
    to: '',
  },
  noTimerSweep: {
    file: 'packages/engine/src/runtime/sweeper.ts',
    from: "    await this.#step('timers', () => this.#loadTimers());",
    to: "    await this.#step('timers', async () => void this.#loadTimers.name);",
  },
  noDeadWorkers: {
    file: 'packages/engine/src/runtime/sweeper.ts',
    from: "    await this.#step('workers', () => this.#endDeadWorkers());",
    to: "    await this.#step('workers', async () => void this.#endDeadWorkers.name);",
  },
  noStrandedSweep: {
    file: 'packages/engine/src/runtime/sweeper.ts',
    from: "    await this.#step('stranded tasks', () => this.#releaseStranded());",
    to: '',
  },
  noNeglectedSweep: {
    file: 'packages/engine/src/runtime/sweeper.ts',
    from: "    await this.#step('neglected runs', () => this.#advanceNeglected());",
    to: "    await this.#step('neglected runs', async () => void this.#advanceNeglected.name);",
  },
  noGoingOn: {
    file: 'packages/engine/src/runtime/worker/worker.ts',
    from: '    if (!this.#nothingWaits || !serves ||',
    to: '    if (serves || !this.#nothingWaits ||',
  },
  smallWindow: {
    file: 'packages/engine/src/runtime/admission.ts',
    from: 'export const WINDOW = 4000;',
    to: 'export const WINDOW = 2;',
  },
  silentWaiting: {
    file: 'packages/engine/src/runtime/publish.ts',
    from: '      else admission.waiting(message);',
    to: '      else void message;',
  },
} as const satisfies Record<string, Patch>;

export type PatchName = keyof typeof PATCHES;

/** What catches a mutant: seeds of the simulation with these faults (all kinds, where none are named), or a file of tests. */
export type Catcher = { seeds: number; faults?: readonly string[] } | { tests: string; title: string; project: string };

export type Mutant = { name: string; patches: readonly PatchName[]; catcher: Catcher; isQuick?: boolean };

export const MUTANTS: readonly Mutant[] = [
  { name: 'no fence on the attempt', patches: ['noFence'], catcher: alone('pause') },
  {
    name: 'a start that forgets its key',
    patches: ['noKeyAtStart'],
    catcher: alone('crashAfter@runs.submit'),
    isQuick: true,
  },
  {
    name: 'an unknown commit taken for a failure',
    patches: ['unknownMeansFailed'],
    catcher: alone('errorBefore@runs.settleRemembered'),
  },
  {
    name: 'acknowledged before the commit',
    patches: ['ackBeforeCommit', 'ackBeforeCommitNeeds', 'noOffersSweep', 'noGoingOn'],
    catcher: alone('crashBefore@runs.settleRemembered'),
  },
  { name: 'liveness by the wall clock', patches: ['wallClockLiveness'], catcher: alone('skew') },
  { name: 'nothing is handed back at shutdown', patches: ['noHandBack', 'letGoAtShutdown'], catcher: alone('deploy') },
  {
    name: 'what could not be begun is only let go of',
    patches: ['letGoOnly'],
    catcher: { seeds: 400, faults: ['slow', 'errorBefore@dispatch.loadInputs'] },
  },
  {
    name: 'mail is not deduplicated',
    patches: ['mailTwice', 'mailTwiceNeeds'],
    catcher: alone('errorAfter@runs.sendMail'),
  },
  { name: 'a child that forgets its parent', patches: ['forgetsParent'], catcher: alone('slow'), isQuick: true },
  { name: 'no sweep of offers', patches: ['noOffersSweep'], catcher: alone('lostMessage') },
  { name: 'dead workers are not noticed', patches: ['noDeadWorkers', 'noStrandedSweep'], catcher: alone('crash') },
  {
    name: 'streams do not resume by step',
    patches: ['noResumeByStep'],
    catcher: { project: 'unit', tests: 'packages/engine/test/queries/run-events.test.ts', title: '' },
  },
  {
    name: 'runs are not locked',
    patches: ['noRunLock'],
    catcher: { project: 'integration', tests: 'packages/postgres/test/run-store.int.test.ts', title: 'A9' },
  },
];

/** Seeds with this fault and no other. */
function alone(fault: string): Catcher {
  return { seeds: 400, faults: [fault] };
}

/** One net on its own: with all the others switched off it mends what these faults break, and without it nothing does. */
export type Drill = {
  net: string;
  switchedOff: readonly PatchName[];
  removed: readonly PatchName[];
  faults: readonly string[];
};

export const DRILLS: readonly Drill[] = [
  {
    net: 'the sweep of offers',
    faults: ['lostMessage'],
    switchedOff: ['noTimerSweep', 'noDeadWorkers', 'noStrandedSweep', 'noNeglectedSweep', 'noDiscovery'],
    removed: ['noOffersSweep'],
  },
  {
    net: 'the sweep of timers',
    faults: ['lostWakeUp'],
    switchedOff: ['noOffersSweep', 'noDeadWorkers', 'noStrandedSweep', 'noNeglectedSweep', 'noDiscovery'],
    removed: ['noTimerSweep'],
  },
  {
    net: 'the sweep of mail',
    faults: ['errorBefore@dispatch.startMail'],
    switchedOff: ['noOffersSweep', 'noTimerSweep', 'noDeadWorkers', 'noStrandedSweep', 'noDiscovery'],
    removed: ['noNeglectedSweep'],
  },
  {
    net: 'the watch over workers',
    faults: ['crashBefore@runs.settleRemembered'],
    switchedOff: ['noOffersSweep', 'noTimerSweep', 'noDiscovery', 'noGoingOn'],
    removed: ['noDeadWorkers', 'noStrandedSweep'],
  },
  {
    net: 'the discovery of what waits',
    faults: ['slow'],
    switchedOff: [
      'noOffersSweep',
      'noTimerSweep',
      'noDeadWorkers',
      'noStrandedSweep',
      'noNeglectedSweep',
      'smallWindow',
      'silentWaiting',
    ],
    removed: ['noDiscovery'],
  },
];
