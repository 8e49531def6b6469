/**
 * A conversation with an endpoint, turn by turn (a task is one of a single turn). Each answer ends the attempt that asked for it:
 * what was said so far stands in the run before anything more is asked, so that whatever dies, it goes on where it was.
 */
import type { Json, JsonObject, Placement, Usage } from '@weft/contract';
import type { Outcome } from '@weft/engine/ports';

import type { ChatMessage } from '../protocol.ts';
import { ask } from './ask.ts';
import type { Answered, Asked } from './asking.ts';
import type { Conversation } from './conversation.ts';
import type { EndpointDeps } from './deps.ts';
import { listTools } from './mcp-tools.ts';
import { NEW_ASK, writeMemo } from './memo.ts';
import type { Memo } from './memo.ts';
import { misfits, repairPrompt } from './repair.ts';
import { mostTurns } from './settings.ts';
import { askedTools, followTools, startTools } from './tools.ts';
import { turnSignal } from './turn-signal.ts';

/** An answer that does not fit its schema is asked for again so often. */
const MOST_REPAIRS = 2;
/** So much of an answer stands in the journal beside its turn. */
const TOLD_CHARS = 2000;

export async function converse(deps: EndpointDeps, talk: Conversation): Promise<Outcome> {
  const listing = await listTools(deps, talk);
  if (listing.kind === 'failed') return { kind: 'failed', error: listing.error };
  if (listing.kind === 'running') return again(listing.memo, listing.afterMs, { waitsFor: 'tools' });
  const tools = await followTools(deps, { ...talk, memo: listing.memo });
  if (tools.kind === 'running') return again(tools.memo, tools.afterMs, { waitsFor: 'tools' });
  return turn(deps, { ...talk, memo: tools.memo });
}

async function turn(deps: EndpointDeps, talk: Conversation): Promise<Outcome> {
  const { call, settings, memo } = talk;
  const late = lateOutcome(deps, talk);
  if (late) return late;
  const messages = toSay(talk);
  const timer = turnSignal(call.signal, settings.turnTimeoutMs);
  const part = `${memo.turns > 0 ? `:${memo.turns}` : ''}${memo.repairs > 0 ? `:r${memo.repairs}` : ''}`;
  const { ask: asking, session } = memo;
  const request = {
    call,
    settings,
    messages,
    tools: askedTools(settings, memo),
    part,
    session,
    memo: asking,
    signal: timer.signal,
  };
  const asked = timer.settle(await ask(deps, request));
  if (asked.kind === 'answered') return heard(deps, talk, { messages, asked });
  const next = { ...memo, ask: asked.memo };
  if (asked.kind === 'again')
    return { ...again(next, asked.afterMs, asked.note), ...keepingOf(asked), ...placedOf(asked) };
  return failed(talk, asked, next);
}

function placedOf({ placed }: { placed?: Placement }): { placed?: Placement } {
  return placed ? { placed } : {};
}

/** All that was said, and what is said now. The system's word is never kept: it may change from turn to turn. */
function toSay({ settings, memo }: Conversation): ChatMessage[] {
  const { prompt, system, continuePrompt } = settings;
  const before = memo.messages as ChatMessage[];
  const first: ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  const last = before.at(-1)?.role;
  // Whoever has been answered by a tool, or told what is wrong, is not asked again.
  if (last === 'tool' || last === 'user') return [...first, ...before];
  const next = memo.turns === 0 ? prompt : (continuePrompt ?? prompt);
  return [...first, ...before, { role: 'user', content: next }];
}

type Heard = { messages: readonly ChatMessage[]; asked: Extract<Asked, { kind: 'answered' }> };

async function heard(deps: EndpointDeps, talk: Conversation, { messages, asked }: Heard): Promise<Outcome> {
  const { call, settings, memo } = talk;
  const { answer, endpoint, usage, placed } = asked;
  for (const message of answer.uiMessages ?? []) call.emit({ type: 'ui_message', message });
  const calls = answer.toolCalls ?? [];
  const said: ChatMessage[] = [
    ...messages.filter(({ role }) => role !== 'system'),
    { role: 'assistant', content: answer.text, ...(calls.length > 0 && { toolCalls: calls }) },
  ];
  const spent = { usage, placed };
  const wrong = calls.length > 0 ? [] : misfits(settings.outputSchema, answer.output);
  if (wrong.length > 0) return repair(talk, { said, wrong, endpoint, spent });
  const turns = memo.turns + 1;
  const last = calls.length > 0 ? memo.last : { output: answer.output };
  const next: Memo = {
    ...memo,
    turns,
    repairs: 0,
    messages: kept(said),
    session: endpoint,
    last,
    ask: NEW_ASK,
    runs: [],
  };
  const isLast = turns >= mostTurns(settings) || answer.isDone === true || answer.goto !== undefined;
  const note = { turn: turns, endpoint, text: answer.text.slice(0, TOLD_CHARS) };
  if (calls.length > 0 && turns < mostTurns(settings)) {
    const started = await startTools(deps, talk, { memo: next, calls });
    return { ...nextTurn(started, { ...note, tools: calls.map(({ name }) => name) }), ...spent };
  }
  if (calls.length > 0 && last === null) return { ...outOfTurns(turns), ...spent };
  if (isLast || settings.continuePrompt === undefined) return succeeded(answer, last?.output ?? null, spent);
  return { ...nextTurn(next, note, answer), ...spent };
}

type Spent = { usage: Usage; placed: Placement };

function succeeded({ stateUpdates, goto }: Answered, output: Json, spent: Spent): Outcome {
  return { kind: 'succeeded', output, ...(stateUpdates && { stateUpdates }), ...(goto && { goto }), ...spent };
}

function again(memo: Memo, afterMs: number, note: JsonObject): Extract<Outcome, { kind: 'again' }> {
  return { kind: 'again', memo: writeMemo(memo), afterMs, note };
}

function keepingOf({ keepsPlace }: Extract<Asked, { kind: 'again' }>) {
  return keepsPlace ? { keepsPlace } : {};
}

function nextTurn(memo: Memo, note: JsonObject, { stateUpdates }: Partial<Answered> = {}) {
  const updates = stateUpdates && { stateUpdates };
  return { ...again(memo, 0, note), isTurn: true, ...updates };
}

/** Written as JSON: without what is undefined. */
function kept(messages: readonly ChatMessage[]): Memo['messages'] {
  return JSON.parse(JSON.stringify(messages)) as Memo['messages'];
}

function outOfTurns(turns: number): Outcome {
  const message = `after ${turns} turns it still asks for tools, and may take no more turns`;
  return { kind: 'failed', error: { code: 'agent_out_of_turns', message, retryable: false } };
}

type Misfit = { said: ChatMessage[]; wrong: string[]; endpoint: string; spent: Spent };

/** Says what is wrong, and asks again. */
function repair({ memo }: Conversation, { said, wrong, endpoint, spent }: Misfit): Outcome {
  if (memo.repairs >= MOST_REPAIRS) {
    const message = `the answer does not fit the outputSchema, although it was asked for ${MOST_REPAIRS + 1} times: ${wrong[0]}`;
    const error = {
      code: 'invalid_output',
      message,
      retryable: false,
      details: { endpoint, problems: wrong.slice(0, 20) },
    };
    return { kind: 'failed', error, ...spent };
  }
  const messages = kept([...said, { role: 'user', content: repairPrompt(wrong) }]);
  const next: Memo = { ...memo, repairs: memo.repairs + 1, messages, session: endpoint, ask: NEW_ASK };
  return { ...again(next, 0, { repairs: next.repairs, endpoint, problems: wrong.slice(0, 5) }), ...spent };
}

/** What cannot be gone on with keeps the last good answer, if there is one. */
function failed({ memo }: Conversation, asked: Extract<Asked, { kind: 'failed' }>, next: Memo): Outcome {
  const { error, retryAfterMs, usage } = asked;
  const spent = { ...(usage && { usage }), ...placedOf(asked) };
  if (!error.retryable && memo.last && memo.turns > 0 && !KEPT_FAILURES.has(error.code))
    return { kind: 'succeeded', output: memo.last.output, ...spent };
  return {
    kind: 'failed',
    error,
    memo: writeMemo(next),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...spent,
  };
}

/** Somebody must hear of these, whatever was answered before. */
const KEPT_FAILURES: ReadonlySet<string> = new Set(['budget_exceeded', 'budget_missing', 'price_missing', 'aborted']);

/** The whole conversation has taken too long. */
function lateOutcome(deps: EndpointDeps, { settings, memo }: Conversation): Outcome | null {
  const { loopTimeoutMs } = settings;
  if (loopTimeoutMs === undefined || memo.turns === 0) return null;
  if (deps.clock.now() - memo.startedAt < loopTimeoutMs) return null;
  if (memo.last) return { kind: 'succeeded', output: memo.last.output };
  const message = `the conversation was not over after ${loopTimeoutMs} ms, and has given no answer`;
  return { kind: 'failed', error: { code: 'agent_timeout', message, retryable: false } };
}
