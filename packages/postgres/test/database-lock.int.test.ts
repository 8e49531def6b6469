import { createTestDatabase } from '@weft/testkit';
import { expect, test } from 'vitest';

import { lockDatabase } from '../src/index.ts';

test('a database is used by one alone, or by many together', async () => {
  const database = await createTestDatabase();
  const alone = await lockDatabase(database.url, 'exclusive');
  await expect(lockDatabase(database.url, 'exclusive')).rejects.toMatchObject({ code: 'database_in_use' });
  await expect(lockDatabase(database.url, 'shared')).rejects.toMatchObject({ code: 'database_in_use' });
  await alone.release();

  const first = await lockDatabase(database.url, 'shared');
  const second = await lockDatabase(database.url, 'shared');
  await expect(lockDatabase(database.url, 'exclusive')).rejects.toThrow(/another Weft/);
  await first.release();
  await second.release();
  await database.drop();
});
