import type { JsonObject } from '@weft/contract';

/** A request as a worker behind a broker or a stream gets it. */
export type MailRequest = JsonObject & { correlation_id: string; reply_to: string };
