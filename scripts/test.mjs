/**
 * `npm test`: brings what is needed, runs the checks (format, lint, types, dead code) and every suite, and ends with one
 * line, `N passed, N failed`, in which each check counts as one test. With arguments only the suites run, and the
 * arguments go to vitest.
 */
import fs from 'fs';
import os from 'os';
import path from 'path';
import { fail, prepare, run, tool } from './environment.mjs';

const CHECKS = [
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'types', command: 'tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'types of the dashboard', command: 'tsc', args: ['--noEmit', '-p', 'apps/dashboard'] },
  { name: 'deadcode', command: 'knip', args: [] },
];

async function main() {
  await prepare();
  const vitestArgs = process.argv.slice(2);
  const total = { passed: 0, failed: 0 };
  for (const check of vitestArgs.length > 0 ? [] : CHECKS) add(total, await runCheck(check));
  add(total, await runSuites(vitestArgs));
  process.stdout.write('\n' + total.passed + ' passed, ' + total.failed + ' failed\n');
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function add(sum, counts) {
  sum.passed += counts.passed;
  sum.failed += counts.failed;
}

/** Runs one check; what it says is shown only if it fails. */
async function runCheck(check) {
  const startedAt = Date.now();
  const chunks = [];
  const code = await run(tool(check.command), check.args, { onOutput: (chunk) => chunks.push(chunk) });
  exitIfSignalled(code);
  if (code !== 0) process.stdout.write(Buffer.concat(chunks));
  process.stdout.write((code === 0 ? '✓ ' : '✗ ') + check.name + ' ' + (Date.now() - startedAt) + ' ms\n');
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runSuites(args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weft-test-'));
  const report = path.join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', '--outputFile.json=' + report];
    const code = await run(tool('vitest'), ['run'].concat(reporters, args));
    exitIfSignalled(code);
    return count(report, code);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Counts tests; a file that could not be loaded, or a run that broke outside any test, counts as one failure. */
function count(report, code) {
  const result = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : { testResults: [] };
  const counts = { passed: result.numPassedTests || 0, failed: result.numFailedTests || 0 };
  for (const file of result.testResults) {
    const hasFailedTest = file.assertionResults.some((test) => test.status === 'failed');
    if (file.status === 'failed' && !hasFailedTest) counts.failed += 1;
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function exitIfSignalled(code) {
  if (code > 128) process.exit(code);
}

main().catch((error) => fail(error.message));
