/** Moving runs to another version of their workflow. */
import type { Run, RunMigration, WorkflowMigration } from '@weft/contract';
import type { KeyedOptions } from './steer-api.ts';
import { keyHeader } from './tasks-api.ts';
import type { CallOptions, Transport } from './transport.ts';

export type MigrateOptions = {
  /** The version to move to; without it the newest. */
  version?: number | undefined;
};

export type MigrateAllOptions = MigrateOptions &
  CallOptions & {
    /** Only runs of these versions. */
    from?: readonly number[] | undefined;
    limit?: number | undefined;
    cursor?: string | undefined;
  };

export type RunMigrationsApi = {
  /** Moves the run. Throws `ApiError` `version_misfit` with everything that does not fit; then nothing has changed. */
  migrate(id: string, options?: MigrateOptions & KeyedOptions & { ifStep?: number | undefined }): Promise<Run>;
  /** Whether the run fits; changes nothing. */
  checkMigration(id: string, options?: MigrateOptions & CallOptions): Promise<RunMigration>;
};

export type WorkflowMigrationsApi = {
  /** Moves a page of the live runs of the workflow, each that fits on its own, and says which do not. */
  migrate(name: string, options?: MigrateAllOptions): Promise<WorkflowMigration>;
  /** Whether they fit; changes nothing. */
  checkMigration(name: string, options?: MigrateAllOptions): Promise<WorkflowMigration>;
};

export function runMigrationsApi(transport: Transport, pathOf: (id: string) => string): RunMigrationsApi {
  return {
    migrate: (id, { signal, idempotencyKey, ...body } = {}) =>
      transport.json({
        signal,
        method: 'POST',
        path: `${pathOf(id)}/migrate`,
        headers: keyHeader(idempotencyKey),
        json: given(body),
      }),
    checkMigration: (id, { signal, ...body } = {}) =>
      transport.json({ signal, method: 'POST', path: `${pathOf(id)}/migrate`, json: { ...given(body), dryRun: true } }),
  };
}

export function workflowMigrationsApi(transport: Transport, pathOf: (name: string) => string): WorkflowMigrationsApi {
  const post = (
    name: string,
    dryRun: boolean,
    { signal, ...body }: MigrateAllOptions = {},
  ): Promise<WorkflowMigration> =>
    transport.json({ signal, method: 'POST', path: `${pathOf(name)}/migrate`, json: { ...given(body), dryRun } });
  return {
    migrate: (name, options) => post(name, false, options),
    checkMigration: (name, options) => post(name, true, options),
  };
}

/** Without what was left out, since JSON has no undefined. */
function given(body: object): Record<string, never> {
  const entries = Object.entries(body).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, never>;
}
