// The status table of `@std/http`, from its npm build (see assert.ts beside this file).
// @ts-types="./http_status.d.ts"
export * from "deno-std/http/status";
