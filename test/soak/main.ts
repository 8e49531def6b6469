/** `npm run soak`: a mesh of processes under a flood and a monkey, and a checker at the end. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { verifyDatabase } from '@weft/testkit';

import { check } from './check.ts';
import { keepEvidence } from './evidence.ts';
import { startFlood } from './flood.ts';
import type { Flood } from './flood.ts';
import { emptyHistory } from './history.ts';
import type { History } from './history.ts';
import { openLiveDatabase } from './live-database.ts';
import type { LiveDatabase } from './live-database.ts';
import { letLoose } from './monkey.ts';
import { readEffects, readRuns, readTasks } from './observed.ts';
import { readOptions } from './options.ts';
import type { SoakOptions } from './options.ts';
import { childDocument } from './program-shapes.ts';
import { watchProgress } from './progress.ts';
import { reportLines, reportOf } from './report.ts';
import type { Report } from './report.ts';
import { startSampling } from './samples.ts';
import { TENANTS } from './tenants.ts';
import { openWorld } from './world.ts';
import type { World } from './world.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function soak(options: SoakOptions): Promise<Report> {
  mkdirSync(options.out, { recursive: true });
  say(`seed ${options.seed}: ${options.minutes} minutes${options.calm ? ' without faults' : ''}`);
  const world = await openWorld(options);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void world.close().finally(() => process.exit(130)));
  }
  try {
    return await soakIn(world, options);
  } finally {
    await world.close();
  }
}

async function soakIn(world: World, options: SoakOptions): Promise<Report> {
  const from = performance.now();
  const history = emptyHistory();
  const database = openLiveDatabase(() => world.postgres.directUrl());
  const sampler = startSampling(world, database);
  const problems: string[] = [];
  await world.clients[0]?.workflows.save(childDocument(0));
  const flood = await startFlood({ ...options, world, history });
  await disturb({ world, options, database, history, flood, problems });
  const samples = sampler.stop();
  if (problems.length > 0) say(`evidence: ${await keepEvidence(world, database, options.out)}`);
  problems.push(...(await world.closeProcesses()));
  say('checking');
  const [runs, tasks] = await Promise.all([readRuns(database), readTasks(database)]);
  const effects = readEffects(world.effects);
  const verdict = check({ history, runs, tasks, effects });
  await verifyDatabase(world.postgres.directUrl(), TENANTS).catch((error: unknown) => problems.push(messageOf(error)));
  const calls = effects.filter(({ what }) => what === 'began').length;
  const minutes = (performance.now() - from) / 60_000;
  const counts = { seed: options.seed, commit: commit(), minutes, runs: runs.length, tasks: tasks.length, calls };
  const { logs } = world;
  return reportOf({ history, verdict, samples, problems, caught: logs.caught(), loggedErrors: logs.errors(), counts });
}

type Disturbing = {
  world: World;
  options: SoakOptions;
  database: LiveDatabase;
  history: History;
  flood: Flood;
  problems: string[];
};

/** The flood with its faults, until every program has ended. What stalls is kept among the problems. */
async function disturb({ world, options, database, history, flood, problems }: Disturbing): Promise<void> {
  const progress = watchProgress(database);
  const endAt = performance.now() + options.minutes * 60_000;
  const goesOn = (): boolean => performance.now() < endAt && problems.length === 0;
  const broken = flood.over.catch((error: unknown) => void problems.push(`a client: ${messageOf(error)}`));
  try {
    if (options.calm) while (goesOn()) await wait(500);
    else await letLoose({ seed: options.seed, world, progress, history, tell: say, goesOn });
    flood.stop();
    say(`${flood.begun} programs begun; waiting for their ends`);
    await progress.quiet();
  } catch (error) {
    problems.push(messageOf(error));
  }
  flood.stop();
  const patience = setTimeout(() => flood.giveUp(), problems.length > 0 ? 0 : 60_000);
  await broken;
  clearTimeout(patience);
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

const options = readOptions(process.argv.slice(2));
if (options !== null) {
  const report = await soak(options);
  const file = join(options.out, 'report.json');
  writeFileSync(file, JSON.stringify(report, null, 2));
  for (const line of reportLines(report)) say(line);
  say(`report: ${file}`);
  process.exitCode = report.isClean ? 0 : 1;
}
