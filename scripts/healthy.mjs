/** The health check of the image: exit status 0 if the process of this container, a producer or a worker, answers. */
const { WEFT_PORT = '4400', WEFT_HEALTH_PORT = '4401' } = process.env;
const TIMEOUT_MS = 3000;

async function answers(port) {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
}

try {
  await Promise.any([WEFT_PORT, WEFT_HEALTH_PORT].map(answers));
} catch {
  process.exitCode = 1;
}
