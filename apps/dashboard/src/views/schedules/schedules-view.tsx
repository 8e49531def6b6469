import { Empty } from '../../parts/empty.tsx';
import { Page } from '../../parts/page.tsx';

/** When workflows are started by themselves. */
export function SchedulesView() {
  return (
    <Page title="Schedules">
      <Empty
        title="Schedules are kept from the command line and over HTTP"
        cli={['npx weft schedules', `curl ${location.origin}/v1/schedules`]}
      >
        <p>A schedule starts a workflow by the clock, or by what comes in from outside.</p>
      </Empty>
    </Page>
  );
}
