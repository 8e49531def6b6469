/** The A2A SDK's own server, with an agent that does what a test says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

import type { AgentCard, Message, Part } from '@a2a-js/sdk';
import { AGENT_CARD_PATH, Role, TaskState } from '@a2a-js/sdk';
import { duplicateInterfacesForLegacy } from '@a2a-js/sdk/compat/v0_3';
import type { ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import {
  AgentEvent,
  DefaultPushNotificationSender,
  DefaultRequestHandler,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
} from '@a2a-js/sdk/server';
import { UserBuilder, agentCardHandler, jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express';
import express from 'express';
import { onTestFinished } from 'vitest';

/** What an agent may do with one message. */
export type Stage = {
  taskId: string;
  message: Message;
  /** Aborted when the client cancels the task. */
  canceled: AbortSignal;
  /** Begins a task. */
  begin(): void;
  status(state: TaskState, says?: string): void;
  artifact(parts: (string | object)[], append?: boolean): void;
  /** Answers with a message, and without a task. */
  answer(text: string): void;
};

export type A2aServerOptions = {
  streaming?: boolean;
  /** Tells the address that comes with a message when its task moves on. */
  pushes?: boolean;
  /** Interfaces in version 0.3 only; else in 1.0. */
  isOld?: boolean;
  binding?: 'JSONRPC' | 'HTTP+JSON';
  /** In the place of the server's own address. */
  advertised?: string;
  token?: string;
};

export type A2aServer = {
  url: string;
  /** `METHOD path` of each request, with the method of the protocol where there is one. */
  requests: string[];
  messages: Message[];
};

/** Starts a server whose agent runs `act` for each message; closed after the test. */
export async function startA2aServer(
  act: (stage: Stage) => Promise<void> | void,
  options: A2aServerOptions = {},
): Promise<A2aServer> {
  const app = express();
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: A2aServer = { url, requests: [], messages: [] };
  const card = cardOf(options.advertised ?? url, options);
  const pushStore = new InMemoryPushNotificationStore();
  const requestHandler = new DefaultRequestHandler(
    card,
    new InMemoryTaskStore(),
    executor(act, state.messages),
    undefined,
    options.pushes ? pushStore : undefined,
    options.pushes ? new DefaultPushNotificationSender(pushStore) : undefined,
  );
  const shared = { requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat: { enabled: true } };
  app.use(express.json());
  app.use((request, response, next) => {
    const { method } = (request.body ?? {}) as { method?: string };
    state.requests.push([request.method, request.path, method].filter((part) => part !== undefined).join(' '));
    const isLetIn = options.token === undefined || request.headers.authorization === `Bearer ${options.token}`;
    if (isLetIn) next();
    else response.status(401).json({ error: `${request.headers.authorization} is not known` });
  });
  app.use(
    `/${AGENT_CARD_PATH}`,
    agentCardHandler({ agentCardProvider: requestHandler, legacyCompat: { enabled: true } }),
  );
  app.use('/rpc', jsonRpcHandler(shared));
  app.use('/rest', restHandler(shared));
  return state;
}

function cardOf(
  base: string,
  { streaming = true, pushes = false, isOld = false, binding = 'JSONRPC' }: A2aServerOptions,
): AgentCard {
  const path = binding === 'JSONRPC' ? '/rpc' : '/rest';
  const current = [{ url: `${base}${path}`, protocolBinding: binding, tenant: '', protocolVersion: '1.0' }];
  const both = duplicateInterfacesForLegacy(current, [binding]);
  return {
    name: 'Desk',
    description: 'Answers.',
    supportedInterfaces: isOld ? both.filter(({ protocolVersion }) => protocolVersion !== '1.0') : current,
    provider: undefined,
    version: '1.0.0',
    capabilities: { streaming, pushNotifications: pushes, extensions: [], extendedAgentCard: false },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    signatures: [],
  };
}

function executor(act: (stage: Stage) => Promise<void> | void, messages: Message[]) {
  const running = new Map<string, AbortController>();
  return {
    async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
      messages.push(context.userMessage);
      const stop = new AbortController();
      running.set(context.taskId, stop);
      await act(stageOf(context, bus, stop.signal));
      bus.finished();
    },
    async cancelTask(taskId: string): Promise<void> {
      running.get(taskId)?.abort();
    },
  };
}

function stageOf(context: RequestContext, bus: ExecutionEventBus, canceled: AbortSignal): Stage {
  const { taskId, contextId, userMessage } = context;
  const told = (text: string): Message => ({
    messageId: crypto.randomUUID(),
    contextId,
    taskId,
    role: Role.ROLE_AGENT,
    parts: [partOf(text)],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  });
  const statusOf = (state: TaskState, says?: string) => ({
    state,
    message: says === undefined ? undefined : told(says),
    timestamp: new Date().toISOString(),
  });
  return {
    taskId,
    message: userMessage,
    canceled,
    begin: () =>
      bus.publish(
        AgentEvent.task({
          id: taskId,
          contextId,
          status: statusOf(TaskState.TASK_STATE_SUBMITTED),
          artifacts: [],
          history: [userMessage],
          metadata: { usage: { input_tokens: 7, output_tokens: 8 } },
        }),
      ),
    status: (state, says) =>
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: statusOf(state, says), metadata: undefined })),
    artifact: (parts, append = false) =>
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          artifact: {
            artifactId: 'a',
            name: 'answer',
            description: '',
            parts: parts.map(partOf),
            metadata: undefined,
            extensions: [],
          },
          append,
          lastChunk: false,
          metadata: undefined,
        }),
      ),
    answer: (text) => bus.publish(AgentEvent.message({ ...told(text), taskId: '' })),
  };
}

function partOf(content: string | object): Part {
  const shared = { metadata: undefined, filename: '', mediaType: '' };
  if (typeof content === 'string') return { ...shared, content: { $case: 'text', value: content } };
  return { ...shared, content: { $case: 'data', value: content } };
}
