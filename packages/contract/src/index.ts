export type { Json, JsonObject } from './json.ts';
