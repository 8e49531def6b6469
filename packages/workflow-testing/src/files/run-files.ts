/** Finds test files and recordings, and runs them. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AppError } from '@weft/contract';

import { fileOf, loadWorkflow } from '../load-workflow.ts';
import { readRecording, replayRecording } from '../recording/replay-recording.ts';
import { WorkflowTestError } from '../test-error.ts';
import { readTestFile } from './read-test-file.ts';
import { runCase } from './run-case.ts';
import type { Failure } from './run-case.ts';

const TEST_FILE = /\.weft-test\.(?:ya?ml|json)$/;
const RECORDING = /\.weft-recording\.json$/;
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', '.weft']);

/** `place`: `file:line:column` of what failed. */
export type FailedCheck = Omit<Failure, 'pointer'> & { place: string };

/** `error`: the case could not be carried out. */
export type CaseReport = {
  file: string;
  name: string;
  ok: boolean;
  ms: number;
  failures: FailedCheck[];
  error: boolean;
};

/** Files that cannot be read as tests stand in `broken`. */
export type FilesReport = { cases: CaseReport[]; broken: { file: string; message: string; lines: string[] }[] };

export type RunFilesOptions = {
  /** Only cases whose name holds this text. */
  filter?: string | undefined;
  /** Told of each case as it ends. */
  onCase?: (report: CaseReport) => void;
};

/** The test files and recordings that the paths mean; folders are looked through. Throws WorkflowTestError for a path that is neither. */
export async function findTests(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const kind = await stat(path).catch(() => null);
    if (!kind) throw new WorkflowTestError('bad_test_file', `there is no file or folder ${path}`);
    if (kind.isDirectory()) found.push(...(await within(path)));
    else if (TEST_FILE.test(path) || RECORDING.test(path)) found.push(path);
    else
      throw new WorkflowTestError(
        'bad_test_file',
        `${path} is no test: tests are called *.weft-test.yaml or *.weft-recording.json`,
      );
  }
  return Array.from(new Set(found)).toSorted();
}

async function within(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : within(path);
      return TEST_FILE.test(path) || RECORDING.test(path) ? [path] : [];
    }),
  );
  return found.flat();
}

/** Runs all of them, one after the other. Never throws for what is wrong with a test. */
export async function runTestFiles(
  files: readonly string[],
  { filter, onCase }: RunFilesOptions = {},
): Promise<FilesReport> {
  const report: FilesReport = { cases: [], broken: [] };
  for (const file of files) {
    const cases = await casesOf(file).catch((error: unknown) => {
      report.broken.push({ file, ...told(error) });
      return [];
    });
    for (const { name, run } of cases) {
      if (filter !== undefined && !name.includes(filter)) continue;
      const done = await runOne(file, name, run);
      report.cases.push(done);
      onCase?.(done);
    }
  }
  return report;
}

type Runnable = { name: string; run: () => Promise<FailedCheck[]>; place?: string };

async function casesOf(file: string): Promise<Runnable[]> {
  if (RECORDING.test(file)) return [await recordingCase(file)];
  const { content, placeOf } = await readTestFile(file);
  return content.cases.map((test, index) => ({
    name: test.name,
    run: async () => {
      const failures = await runCase({ file, content }, test);
      return failures.map(({ pointer, ...rest }) => ({ ...rest, place: placeOf(`/cases/${index}${pointer}`) }));
    },
  }));
}

/** The workflow in its folder is held against it, if it is one of that name; else the recorded one. */
async function recordingCase(file: string): Promise<Runnable> {
  const recording = await readRecording(file);
  const beside = await loadWorkflow(await fileOf(dirname(file))).catch(() => null);
  const isMeant = beside?.name === recording.workflow.name;
  return {
    name: `run ${recording.run.id} goes as recorded${isMeant ? '' : ' (with the recorded workflow)'}`,
    run: async () => {
      const { differences } = await replayRecording(recording, isMeant ? { workflow: beside } : {});
      return differences.map(({ what, lines }) => ({
        message: `${what}: not as in the recorded run`,
        lines,
        place: file,
      }));
    },
  };
}

async function runOne(file: string, name: string, run: Runnable['run']): Promise<CaseReport> {
  const startedAt = performance.now();
  const done = (failures: FailedCheck[], error: boolean): CaseReport => {
    const ms = Math.round(performance.now() - startedAt);
    return { file, name, ok: failures.length === 0, ms, failures, error };
  };
  try {
    return done(await run(), false);
  } catch (error) {
    return done([{ ...told(error), place: file }], true);
  }
}

function told(error: unknown): { message: string; lines: string[] } {
  if (error instanceof WorkflowTestError)
    return { message: error.message.split('\n')[0] ?? '', lines: [...error.lines] };
  if (error instanceof AppError) {
    const lines = error.errors.map(({ pointer, message }) => `  ${pointer || '/'}: ${message}`);
    return { message: `${error.message} (${error.code})`, lines };
  }
  return { message: error instanceof Error ? error.message : String(error), lines: [] };
}
