/** The build of liquidjs without `node:fs`; the package types its main entry only. */
declare module 'liquidjs/dist/liquid.browser.mjs' {
  export * from 'liquidjs';
}
