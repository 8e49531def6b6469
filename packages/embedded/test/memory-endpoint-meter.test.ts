import { createMemoryEndpointMeter } from '@weft/embedded';
import { endpointMeterConformance } from '@weft/testkit/conformance/endpoint-meter';

endpointMeterConformance('in memory', (clock) => {
  const meter = createMemoryEndpointMeter({ clock });
  return { meter, other: meter };
});
