export { readDashboard } from './built-files.ts';
export type { BuiltFile } from './built-files.ts';
export { ensureDashboard } from './ensure-dashboard.ts';
export type { DashboardState } from './ensure-dashboard.ts';
export { PATHS as DASHBOARD_PATHS } from '../src/router/paths.ts';
