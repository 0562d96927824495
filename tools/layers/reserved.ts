/**
 * Packages and globals that only some rooms or files may use, as data.
 *
 * @module
 */

/** A resource that only a few files may use. */
interface Reserved {
  /** The resource, in words. */
  readonly what: string;
  /** The files that may use it. */
  readonly to: readonly string[];
}

/** Reserved npm packages, by the start of their specifier. */
export const RESERVED_PACKAGES: readonly (Reserved & { readonly name: string })[] = [
  { name: "acme-client", what: "the package acme-client", to: ["balancer/acme/order.ts"] },
  {
    name: "dockerode",
    what: "the package dockerode",
    to: [
      "balancer/engine/docker_api.ts",
      "balancer/engine/docker_client.ts",
      "balancer/engine/swarm_api.ts",
    ],
  },
  {
    name: "prom-client",
    what: "the package prom-client",
    to: ["balancer/metrics/exposition.ts"],
  },
  {
    name: "@opentelemetry/",
    what: "the package @opentelemetry/api",
    to: ["balancer/tracing/tracing.ts", "balancer/tracing/testing.ts"],
  },
];

/** Rooms that import no package. */
export const WITHOUT_PACKAGES: readonly string[] = ["ring", "contract", "view"];

/** Reserved globals, by their form in the source. */
export const RESERVED_GLOBALS: readonly (Reserved & { readonly pattern: RegExp })[] = [
  {
    pattern: /\bDeno\.env\b/,
    what: "reading the environment (Deno.env)",
    to: ["balancer/main.ts", "replica/healthcheck.ts", "replica/main.ts"],
  },
  {
    pattern: /\bDeno\.addSignalListener\b/,
    what: "installing signal handlers (Deno.addSignalListener)",
    to: ["balancer/main.ts", "replica/main.ts", "replica/serve.ts"],
  },
];

/** Pure rooms: no input, no output, no clock. */
export const PURE_ROOMS: readonly string[] = ["ring", "http2"];

/** The forbidden globals of a pure room: input, output and the clock. */
export const IMPURE = /\b(?:Deno\.\w+|Date\.now|new Date|performance\.now|setTimeout|fetch)\b/;
