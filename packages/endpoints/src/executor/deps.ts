/** What carries out nodes with a prompt needs of its worker. */
import type { EndpointPrice, EndpointProtocol, Json, TaskError } from '@weft/contract';
import type { Clock, EndpointMeter, EndpointRecord, Payer } from '@weft/engine/ports';

import type { ProtocolClient } from '../protocol.ts';
import type { PushHints } from '../push-hints.ts';

/** A tool that was asked for, as a run of its own. */
export type ToolRun = { kind: 'running' } | { kind: 'ended'; output: Json; error: TaskError | null };

export type ToolRequest = {
  tenant: string;
  /** The run of the agent. */
  runId: string;
  /** Who pays for the agent's own run. */
  payer: Payer | null;
  /** The same for each attempt: the run is started once. */
  key: string;
  /** What started it, for people. */
  tags: string[];
  work: { document: Json } | { workflow: string };
  input: Json;
};

/** Runs what tools are asked for. */
export type ToolRunner = {
  /** Gives the run's id, or why there is none. */
  start(request: ToolRequest): Promise<{ runId: string } | { error: TaskError }>;
  look(tenant: string, runId: string): Promise<ToolRun>;
  cancel(tenant: string, runId: string): Promise<void>;
};

export type EndpointDeps = {
  /** The endpoints of a tenant, with their tokens. */
  endpoints(tenant: string): Promise<readonly EndpointRecord[]>;
  meter: EndpointMeter;
  protocols: ReadonlyMap<EndpointProtocol, ProtocolClient>;
  /** A secret of this worker; null if it has none of that name. */
  secret(name: string): string | null;
  /** What a model costs at an endpoint that does not say so itself; null: not known. */
  priceOf(model: string | null): EndpointPrice | null;
  /** Money of the tenant is to be saved: everything goes to the cheapest. */
  isEmergency(tenant: string): boolean;
  /** Where agents may say that a task of theirs has moved on; null: nowhere. */
  push: PushHints | null;
  tools: ToolRunner;
  clock: Pick<Clock, 'now' | 'monotonicMs' | 'after'>;
  /** Draws in [0, 1). */
  random(): number;
};
