import type { EventBus, RunNotice } from '../../ports/index.ts';
import { Alarm } from './alarm.ts';
import type { StreamMode } from './step-events.ts';

export type LiveNotice = Extract<RunNotice, { kind: 'live' }>;

/** What the bus has said about one run since it was last looked at. */
export type NoticeInbox = {
  /** Rings with every notice. */
  readonly alarm: Alarm;
  takeLive(): LiveNotice[];
  /** Whether it was said that the run has ended, or may have been. */
  takeEnded(): boolean;
  /** Whether live notices came that are not there any more, or may have come. */
  takeDropped(): boolean;
  close(): void;
};

/** Live notices kept for a reader that is behind; they are a courtesy, so the oldest are dropped. */
const MAX_LIVE = 256;

export function openInbox(bus: EventBus, request: { runId: string; modes: ReadonlySet<StreamMode> }): NoticeInbox {
  const alarm = new Alarm();
  const live: LiveNotice[] = [];
  let ended = false;
  let dropped = false;
  const close = bus.subscribe(request.runId, (notice) => {
    if (notice.kind === 'step') ended ||= notice.ended;
    else if (notice.kind === 'gap') ended = true;
    else if (!request.modes.has('tasks')) return;
    else live.push(notice);
    if (live.length > MAX_LIVE) {
      live.shift();
      dropped = true;
    }
    alarm.ring();
  });
  return {
    alarm,
    close,
    takeLive: () => live.splice(0),
    takeEnded: () => {
      const was = ended;
      ended = false;
      return was;
    },
    takeDropped: () => {
      const was = dropped;
      dropped = false;
      return was;
    },
  };
}
