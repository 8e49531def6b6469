export { documentEdges, startNodes } from './graph/edges.ts';
export type { Edge, EdgeSource } from './graph/edges.ts';
