export type { Issue } from './issue-list.ts';
export { scanJson } from './json-scan.ts';
export type { ScanOptions } from './json-scan.ts';
export { DEFAULT_PARSE_LIMITS, parseDocument } from './parse-document.ts';
export type { MediaType, ParsedDocument, ParseLimits } from './parse-document.ts';
export { parseJson } from './parse-json.ts';
export { withLocations } from './source-map.ts';
export type { Locate, Location } from './source-map.ts';
