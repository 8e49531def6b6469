/**
 * A process that watches all runs over the WebSocket, as a dashboard does.
 *
 *     node bench/mesh/subscriber.ts URL
 */
import { createClient } from '@weft/sdk';

const [url = ''] = process.argv.slice(2);
const watch = createClient({ url }).watch();
watch.subscribe('runs', {
  onSnapshot: () => console.log('ready'),
  onError: (error) => {
    throw new Error(error.message);
  },
});
process.on('SIGTERM', () => process.exit(0));
