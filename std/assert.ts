// JSR's `@std/assert` is reached through its npm build, which ships without declarations; the ones
// beside this file cover what the project uses, so that assertions are checked like other code.
// @ts-types="./assert.d.ts"
export * from "deno-std/assert";
