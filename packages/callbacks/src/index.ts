export { createCourier } from './courier.ts';
export type { Courier, CourierDeps, CourierOptions } from './courier.ts';
