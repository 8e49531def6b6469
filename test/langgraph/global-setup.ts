import type { TestProject } from 'vitest/node';

import { installLangGraph } from './peer/install.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why LangGraph cannot be used; null if it can. */
    langGraphIsAbsent: string | null;
  }
}

/** Installs LangGraph once for all files of the suite; says so where that does not work. */
export default async function setup(project: TestProject): Promise<void> {
  const reason = await installLangGraph();
  project.provide('langGraphIsAbsent', reason);
  if (reason !== null)
    process.stderr.write(`weft: the cases on LangGraph are skipped, since it is not here: ${reason}\n`);
}
