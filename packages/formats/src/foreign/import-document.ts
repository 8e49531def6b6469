/** Foreign documents into native ones. A format is one entry here and one folder beside. */
import type { ForeignFormat, ImportRemark, Json, JsonObject } from '@weft/contract';
import type { Issue } from '../issue-list.ts';
import { importMeshExecute } from '../mesh-execute/import-mesh-execute.ts';
import { importNullboiler } from '../nullboiler/import-nullboiler.ts';
import { checkTree } from './check-tree.ts';
import { ImportLog } from './import-log.ts';

/** Makes a native document, or logs errors; never throws. */
export type Importer = (value: Json, log: ImportLog) => JsonObject | undefined;

/**
 * A native document, which may still be refused by validation, or every reason why there is none. `report` lists what could
 * not be mapped exactly; all pointers lead into the foreign document, and `place` takes one of the native document there.
 */
export type ImportedDocument =
  | { ok: true; document: JsonObject; report: ImportRemark[]; place: (pointer: string) => string }
  | { ok: false; errors: Issue[]; report: ImportRemark[] };

const importers: Record<ForeignFormat, Importer> = {
  nullboiler: importNullboiler,
  'mesh-execute': importMeshExecute,
};

/** Imports a parsed document of at most `maxNodes` nodes. Never throws, and linear in its size. */
export function importDocument(format: ForeignFormat, value: Json, maxNodes: number): ImportedDocument {
  const log = new ImportLog(maxNodes);
  const document = checkTree(value, log) ? importers[format](value, log) : undefined;
  const report = log.report();
  if (document === undefined || log.hasErrors) return { ok: false, errors: log.errors(), report };
  return { ok: true, document, report, place: (pointer) => log.place(pointer) };
}
