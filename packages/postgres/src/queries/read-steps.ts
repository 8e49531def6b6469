/** Reading the journal. */
import type { BranchStep, Facts, FoldStep, StepRecord, StepType } from '@weft/engine/domain';
import type { MigrationStep, RunReader, StepRange } from '@weft/engine/ports';

import type { Ask, Statement } from '../connection.ts';

type StepRow = {
  step: number;
  parent: number;
  epoch: number;
  type: StepType;
  node: string | null;
  key: string | null;
  task_id: string | null;
  attempt: number | null;
  worker: string | null;
  at: number;
  facts: Facts;
};

const STEPS = 'select step, parent, epoch, type, node, key, task_id, attempt, worker, at, facts from step';

async function readSteps(ask: Ask, statement: Statement): Promise<StepRecord[]> {
  const rows = await ask<StepRow>(statement);
  return rows.map(({ task_id, ...row }) => ({ ...row, taskId: task_id }));
}

export function listSteps(ask: Ask, runId: string, page: Parameters<RunReader['steps']>[1]): Promise<StepRecord[]> {
  return readSteps(ask, {
    name: 'list-steps',
    text: `${STEPS} where run_id = $1 and step > $2 order by step limit $3`,
    values: [runId, page.afterStep, page.limit],
  });
}

/** As one text: a row for each step costs more than parsing its facts. Steps are numbered without gaps. */
export async function listFacts(ask: Ask, runId: string, { fromStep, toStep }: StepRange): Promise<FoldStep[]> {
  const [row] = await ask<{ facts: string | null }>({
    name: 'list-facts',
    text: `select '[' || string_agg(facts, ',') || ']' as facts from (
        select facts::text as facts from step where run_id = $1 and step between $2 and $3 order by step
      ) as part`,
    values: [runId, fromStep, toStep],
  });
  const facts = JSON.parse(row?.facts ?? '[]') as Facts[];
  if (facts.length !== toStep - fromStep + 1)
    throw new Error(`steps of ${fromStep} to ${toStep} are missing in ${runId}`);
  return facts.map((part, index) => ({ step: fromStep + index, facts: part }));
}

export function listBranches(ask: Ask, runId: string, toStep: number): Promise<BranchStep[]> {
  return ask({
    name: 'list-branches',
    text: `select step, parent from step where run_id = $1 and step <= $2 and parent <> step - 1 order by step desc`,
    values: [runId, toStep],
  });
}

export function listMigrations(ask: Ask, runId: string): Promise<MigrationStep[]> {
  return ask({
    name: 'list-migrations',
    text: `select step, (facts#>>'{migrated,from}')::int as "from", (facts#>>'{migrated,to}')::int as "to"
      from step where run_id = $1 and type = 'migrated' order by step`,
    values: [runId],
  });
}

export async function stepOfMail(
  ask: Ask,
  runId: string,
  { mailId, afterStep }: { mailId: string; afterStep: number },
): Promise<StepRecord | null> {
  const [step] = await readSteps(ask, {
    name: 'step-of-mail',
    text: `${STEPS} where run_id = $1 and step > $2 and facts->>'mail' = $3 order by step desc limit 1`,
    values: [runId, afterStep, mailId],
  });
  return step ?? null;
}

export async function stepOfAnswer(ask: Ask, runId: string, questionId: string): Promise<StepRecord | null> {
  const [step] = await readSteps(ask, {
    name: 'step-of-answer',
    text: `${STEPS} where run_id = $1 and type = 'answered' and facts#>>'{answer,id}' = $2 order by step desc limit 1`,
    values: [runId, questionId],
  });
  return step ?? null;
}
