import fixtures from '../../apps/dashboard/test/fixtures/handlers.ts';
import squad from '../../examples/software-squad/handlers.ts';

/** What the runs of the screenshots do. */
export default { ...squad, ...fixtures };
