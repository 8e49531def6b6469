import type { Json } from '@weft/contract';
import { Document, isScalar, visit } from 'yaml';

/** A document as YAML that reads back as the same value: no aliases, and no line is folded. Lists of names stand on one line. */
export function writeYaml(document: Json): string {
  const written = new Document(document, { version: '1.2', schema: 'core', aliasDuplicateObjects: false });
  visit(written, {
    Seq(_, list) {
      if (list.items.every(isScalar)) list.flow = true;
    },
  });
  return written.toString({ lineWidth: 0, flowCollectionPadding: false });
}
