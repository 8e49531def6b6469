import type { ExecutorCall } from '@weft/engine/ports';

import type { Memo } from './memo.ts';
import type { Settings } from './settings.ts';

/** One attempt of a conversation, and what those before it have left. */
export type Conversation = { call: ExecutorCall; settings: Settings; memo: Memo };
