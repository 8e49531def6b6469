import type { AgentCard, Artifact, Message, Part, StreamResponse, Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import { Role, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import type { Json } from '@weft/contract';

import type { PushAddress } from '../../push-hints.ts';
import { usageIn } from '../usage.ts';
import type {
  RemoteAgent,
  RemoteContent,
  RemoteMessage,
  RemoteState,
  RemoteTask,
  RemoteUpdate,
} from './remote-agent.ts';

const STATES: ReadonlyMap<TaskState, RemoteState> = new Map([
  [TaskState.TASK_STATE_COMPLETED, 'completed'],
  [TaskState.TASK_STATE_FAILED, 'failed'],
  [TaskState.TASK_STATE_CANCELED, 'canceled'],
  [TaskState.TASK_STATE_REJECTED, 'rejected'],
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'asks'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'asks'],
]);

/** An agent that has a card: spoken to by the SDK, in version 1.0 or 0.3, whichever the card offers. */
export async function sdkAgent(card: AgentCard, fetchImpl: typeof fetch): Promise<RemoteAgent> {
  const legacyCompat = { enabled: true };
  const transports = [
    new JsonRpcTransportFactory({ fetchImpl, legacyCompat }),
    new RestTransportFactory({ fetchImpl, legacyCompat }),
  ];
  const client = await new ClientFactory({ transports, clientConfig: { polling: true } }).createFromAgentCard(card);
  const pushes = card.capabilities?.pushNotifications === true;
  return {
    isStreaming: card.capabilities?.streaming === true,
    send: (message, signal) => send(client, pushes ? message : { ...message, push: null }, signal),
    follow: (id, signal) => updates(client.resubscribeTask({ tenant: '', id }, { signal })),
    get: async (id, signal) => taskOf(await client.getTask({ tenant: '', id, historyLength: 0 }, { signal })),
    async cancel(id, signal) {
      await client.cancelTask({ tenant: '', id, metadata: undefined }, { signal });
    },
  };
}

/** The client sends a plain message where the agent does not stream. */
function send(client: Client, message: RemoteMessage, signal: AbortSignal): AsyncIterable<RemoteUpdate> {
  const configuration = {
    acceptedOutputModes: ['text/plain', 'application/json'],
    taskPushNotificationConfig: message.push ? pushConfigOf(message.id, message.push) : undefined,
    historyLength: 0,
    returnImmediately: true,
  };
  const request = { tenant: '', message: messageOf(message), configuration, metadata: undefined };
  return updates(client.sendMessageStream(request, { signal }));
}

function pushConfigOf(id: string, { url, token }: PushAddress): TaskPushNotificationConfig {
  return { tenant: '', id, taskId: '', url, token, authentication: undefined };
}

function messageOf({ id, contextId, text }: RemoteMessage): Message {
  const part: Part = {
    content: { $case: 'text', value: text },
    metadata: undefined,
    filename: '',
    mediaType: 'text/plain',
  };
  return {
    messageId: id,
    contextId,
    taskId: '',
    role: Role.ROLE_USER,
    parts: [part],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}

async function* updates(stream: AsyncIterable<StreamResponse>): AsyncGenerator<RemoteUpdate> {
  for await (const { payload } of stream) {
    switch (payload?.$case) {
      case 'task':
        yield { kind: 'task', task: taskOf(payload.value) };
        break;
      case 'message':
        yield { kind: 'message', content: contentOf(payload.value.parts, payload.value.metadata) };
        break;
      case 'statusUpdate':
        yield { kind: 'state', taskId: payload.value.taskId, state: stateOf(payload.value.status?.state) };
        break;
      case 'artifactUpdate':
        yield { kind: 'text', taskId: payload.value.taskId, text: contentOf(payload.value.artifact?.parts ?? []).text };
        break;
      default:
    }
  }
}

function taskOf({ id, status, artifacts, metadata }: Task): RemoteTask {
  const says = contentOf(status?.message?.parts ?? []).text;
  return { id, state: stateOf(status?.state), output: artifactsOf(artifacts, metadata), says };
}

function artifactsOf(artifacts: Artifact[], metadata: Task['metadata']): RemoteContent | null {
  if (artifacts.length === 0) return null;
  const contents = artifacts.map(({ parts }) => contentOf(parts));
  const text = contents
    .map((content) => content.text)
    .filter((piece) => piece !== '')
    .join('\n');
  const data = contents.find((content) => content.data !== undefined)?.data;
  return { text, ...(data === undefined ? {} : { data }), ...usageOf(metadata) };
}

function contentOf(parts: readonly Part[], metadata?: Message['metadata']): RemoteContent {
  const text = parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');
  const data = parts.find(({ content }) => content?.$case === 'data')?.content?.value as Json | undefined;
  return { text, ...(data === undefined ? {} : { data }), ...usageOf(metadata) };
}

function usageOf(metadata: Message['metadata']): Pick<RemoteContent, 'usage'> {
  const usage = usageIn(metadata ?? {});
  return usage === undefined ? {} : { usage };
}

function stateOf(state: TaskState | undefined): RemoteState {
  return STATES.get(state ?? TaskState.TASK_STATE_UNSPECIFIED) ?? 'working';
}
