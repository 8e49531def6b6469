/** Runs `weft stress` against the stack, in a container of its own beside it. */

/**
 * Starts a flood. `report` gives its figures when it has worked off and read back every run; a flood that lost something
 * still reports.
 */
export function startStress(engine, { token, args }) {
  const child = engine.beside({ WEFT_URL: 'http://producer:4400', WEFT_TOKEN: token }, ['--json', 'stress', ...args]);
  let text = '';
  let complaint = '';
  let over = false;
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (complaint += chunk));
  const report = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      over = true;
      const isReport = text.trimStart().startsWith('{');
      if (isReport) resolve(JSON.parse(text));
      else reject(new Error(`weft stress ended with status ${code}: ${complaint}`));
    });
  });
  report.catch(() => {});
  return { report, isOver: () => over };
}

/** One line of figures. */
export function reportLine({ accepted, tasks, submit, endToEnd, retries, lost, doubled, refused }) {
  const ms = (value) => (value === undefined ? '-' : `${Math.round(value)} ms`);
  return (
    `${accepted} of ${tasks} accepted, ${submit.perSecond}/s, end to end p50 ${ms(endToEnd?.p50)} p99 ${ms(endToEnd?.p99)}, ` +
    `${retries} retries, lost ${lost}, doubled ${doubled}, refused ${refused}`
  );
}
