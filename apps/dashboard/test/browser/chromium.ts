import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Where Debian puts it. */
const CHROMIUM = process.env['WEFT_CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is a browser to test with; where there is none, it is said once. */
export const hasChromium = existsSync(CHROMIUM);

if (!hasChromium)
  process.stderr.write(
    `weft: there is no ${CHROMIUM}, so the dashboard is not tried in a browser (apt-get install chromium, or set WEFT_CHROMIUM)\n`,
  );

export function launchChromium(): Promise<Browser> {
  // As root and in containers it has no sandbox of its own; it shows pages of this repository only.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}
