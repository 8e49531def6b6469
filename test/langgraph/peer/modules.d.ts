/**
 * What the suite uses of LangGraph. It is installed when the suite runs, so its own types are not there when the
 * repository is checked.
 */
declare module '@langchain/langgraph' {
  export type Config = {
    configurable: Record<string, unknown>;
    streamMode?: string[];
    recursionLimit?: number;
    signal?: AbortSignal;
  };
  export type Task = { id: string; name: string; interrupts: { id: string; value: unknown }[] };
  export type Snapshot = {
    values: Record<string, unknown>;
    next: string[];
    config: Config;
    parentConfig?: Config;
    tasks: Task[];
    metadata?: { step: number; source: string };
  };
  export type Compiled = {
    stream(input: unknown, config: Config): Promise<AsyncIterable<[mode: string, chunk: unknown]>>;
    invoke(input: unknown, config: Config): Promise<Record<string, unknown>>;
    getState(config: Config): Promise<Snapshot>;
    getStateHistory(config: Config): AsyncIterable<Snapshot>;
    updateState(config: Config, values: unknown, asNode?: string): Promise<Config>;
  };
  export type NodeFunction = (state: Record<string, unknown>, config: Config) => unknown;
  export class StateGraph {
    constructor(state: unknown);
    addNode(name: string, work: NodeFunction | Compiled, options?: object): this;
    addEdge(from: string | string[], to: string): this;
    addConditionalEdges(from: string, choose: (state: Record<string, unknown>) => unknown): this;
    compile(options: {
      checkpointer: unknown;
      cache?: unknown;
      interruptBefore?: string[];
      interruptAfter?: string[];
    }): Compiled;
  }
  export const Annotation: {
    (options?: { reducer: (a: never, b: never) => unknown; default: () => unknown }): unknown;
    Root(channels: Record<string, unknown>): unknown;
  };
  export const MemorySaver: new () => object;
  export const Command: new (parts: { update?: object; goto?: string[]; resume?: unknown }) => object;
  export const Send: new (node: string, input: unknown) => object;
  export function interrupt(value: unknown): unknown;
  export function messagesStateReducer(a: unknown, b: unknown): unknown;
  export const START: string;
  export const END: string;
}

declare module '@langchain/langgraph/channels' {
  export const EphemeralValue: new () => object;
}

declare module '@langchain/langgraph-checkpoint' {
  export const InMemoryCache: new () => object;
}

declare module '@langchain/core/messages' {
  export const RemoveMessage: new (fields: { id: string }) => object;
}
