import type { CallTarget } from '../../protocol.ts';
import { answerOf, givenText } from '../answer.ts';
import type { Answered, Failed } from '../result.ts';
import { failed, withUsage } from '../result.ts';
import type { RemoteContent, RemoteTask } from './remote-agent.ts';

const SHOWN_CHARS = 2_000;

/** What a task that is over gives. */
export function taskResult({ state, output, says }: RemoteTask, target: CallTarget): Answered | Failed {
  const said = says === '' ? '' : `: ${says.slice(0, SHOWN_CHARS).toWellFormed()}`;
  const agent = `The agent ${target.name}`;
  switch (state) {
    case 'failed':
      return failed('remote_task_failed', `${agent} failed${said}`, { retryable: true, isFault: true });
    case 'canceled':
      return failed('remote_task_canceled', `${agent} canceled the task${said}`, { retryable: true });
    case 'rejected':
      return failed('remote_task_rejected', `${agent} rejects the task${said}`);
    case 'asks':
      return failed('agent_needs_input', `${agent} asks back, which nobody answers here${said}`);
    case 'working':
    case 'completed':
      return contentResult(output ?? (says === '' ? null : { text: says }), target);
    default:
      return state satisfies never;
  }
}

/** Data counts where there is no text; control within either is carried out. */
export function contentResult(content: RemoteContent | null, target: CallTarget): Answered | Failed {
  if (content === null || (content.text === '' && content.data === undefined)) {
    const message = `The agent ${target.name} finished without output`;
    return failed('missing_output', message, { retryable: true, isFault: true });
  }
  const { text, data, usage } = content;
  const given = text === '' && data !== undefined ? { text: JSON.stringify(data), output: data } : givenText(text);
  return withUsage(answerOf(given), usage);
}
