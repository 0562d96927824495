/**
 * The allowed imports, as data. They are the arrows of docs/architecture.md;
 * `deno task check:layers` checks the code against them.
 *
 * @module
 */

/** A part of the project with one rule for its imports. */
export interface Room {
  readonly name: string;
  /**
   * Files, or folders with a trailing slash. A file belongs to the room with the longest matching
   * path.
   */
  readonly paths: readonly string[];
  /** Names of the rooms that it may import, besides itself. */
  readonly imports: readonly string[];
  /** Names of the rooms from which it may import only types. */
  readonly importsTypes?: readonly string[];
}

/** Modules that all of balancer/ may import, because they depend on no room. */
const LEAVES = [
  "clock",
  "durable files",
  "failures",
  "fault",
  "log",
  "out of files",
  "reply",
  "version",
];

/** All rooms with a rule. Tests, bench/, tests/ and tools/ have no rule. */
export const ROOMS: readonly Room[] = [
  { name: "ring", paths: ["ring/"], imports: [] },
  { name: "contract", paths: ["replica/contract.ts"], imports: [] },
  { name: "replica", paths: ["replica/"], imports: ["contract"] },
  { name: "view", paths: ["balancer/view.ts"], imports: ["ring"] },
  { name: "upstream list", paths: ["balancer/upstream_list.ts"], imports: ["view"] },
  { name: "clock", paths: ["balancer/clock.ts", "balancer/turn_of_loop.ts"], imports: [] },
  {
    name: "durable files",
    paths: ["balancer/durable_files.ts", "balancer/file_owner.ts"],
    imports: [],
  },
  { name: "failures", paths: ["balancer/failures.ts", "balancer/reload_error.ts"], imports: [] },
  { name: "fault", paths: ["balancer/fault.ts"], imports: [] },
  { name: "log", paths: ["balancer/log/"], imports: [] },
  { name: "version", paths: ["balancer/version.ts"], imports: [] },
  { name: "out of files", paths: ["balancer/out_of_files.ts"], imports: [] },
  { name: "reply", paths: ["balancer/reply.ts"], imports: [], importsTypes: ["answers"] },
  // Any room may import the types of answers; their schemas need zod and are for control only.
  {
    name: "answers",
    paths: ["balancer/answers/"],
    imports: ["ring", "log", "replica options"],
  },
  {
    name: "config",
    paths: [
      "balancer/config.ts",
      "balancer/settings/",
    ],
    imports: [
      "command",
      "contract",
      "fleet names",
      "replica options",
      "ring",
      "upstream list",
      "view",
      ...LEAVES,
    ],
    importsTypes: ["answers"],
  },
  { name: "command", paths: ["balancer/engine/command.ts"], imports: [] },
  { name: "fleet names", paths: ["balancer/engine/fleet_names.ts"], imports: [] },
  { name: "replica options", paths: ["balancer/engine/replica_options.ts"], imports: LEAVES },
  {
    name: "engine interface",
    paths: ["balancer/engine/engine.ts"],
    imports: ["upstream list", "view", ...LEAVES],
    importsTypes: ["replica options"],
  },
  {
    name: "engine adapters",
    paths: ["balancer/engine/"],
    imports: [
      "engine interface",
      "command",
      "contract",
      "fleet names",
      "replica options",
      "upstream list",
      "view",
      ...LEAVES,
    ],
    importsTypes: ["cluster", "config"],
  },
  { name: "tracing", paths: ["balancer/tracing/"], imports: [] },
  {
    name: "heal spans",
    paths: ["balancer/tracing/heal_spans.ts"],
    imports: ["tracing"],
    importsTypes: ["fleet"],
  },
  // The codec: bytes to heads and back. Heartbeats use it, too.
  { name: "http1", paths: ["balancer/proxy/http1/"], imports: [] },
  { name: "http2", paths: ["balancer/proxy/http2/"], imports: ["http1"] },
  {
    name: "proxy",
    paths: ["balancer/proxy/"],
    imports: ["http1", "http2", "tracing", "view", "ring", ...LEAVES],
    importsTypes: ["config"],
  },
  // Several balancers of one ring: the shared store, the lease, the reports of the others.
  {
    name: "cluster",
    paths: ["balancer/cluster/"],
    imports: LEAVES,
  },
  {
    name: "certificates",
    paths: ["balancer/certificates/"],
    imports: ["proxy", ...LEAVES],
    importsTypes: ["answers", "config"],
  },
  {
    name: "acme",
    paths: ["balancer/acme/"],
    imports: ["certificates", "cluster", ...LEAVES],
    importsTypes: ["answers", "config"],
  },
  {
    name: "fleet",
    paths: ["balancer/fleet/"],
    imports: [
      "cluster",
      "http1",
      "view",
      "ring",
      "engine interface",
      "contract",
      "replica options",
      "upstream list",
      ...LEAVES,
    ],
    importsTypes: ["answers", "config"],
  },
  {
    name: "control",
    paths: ["balancer/control/"],
    imports: [
      "answers",
      "page",
      "fleet",
      "http1",
      "proxy",
      "view",
      "ring",
      "engine interface",
      "contract",
      "upstream list",
      "replica options",
      ...LEAVES,
    ],
    importsTypes: ["config"],
  },
  {
    name: "page",
    paths: ["balancer/page/"],
    imports: ["view", "ring", ...LEAVES],
    importsTypes: ["answers"],
  },
  {
    name: "metrics",
    paths: ["balancer/metrics/"],
    imports: ["fleet", "proxy", "view", "ring", ...LEAVES],
    importsTypes: ["acme", "answers", "certificates"],
  },
  {
    name: "main",
    paths: ["balancer/main.ts", "balancer/"],
    imports: [
      "ring",
      "http1",
      "view",
      "proxy",
      "acme",
      "certificates",
      "cluster",
      "fleet",
      "control",
      "metrics",
      "tracing",
      "heal spans",
      "config",
      "engine interface",
      "engine adapters",
      "command",
      "contract",
      "upstream list",
      "replica options",
      ...LEAVES,
    ],
    importsTypes: ["answers"],
  },
];

/** Helpers of tests. They have the permissions of tests, and only tests may import them. */
export const TEST_HELPERS: readonly string[] = [
  "balancer/cluster/conformance.ts",
  "balancer/cluster/memory_store.ts",
  "balancer/control/testing.ts",
  "balancer/engine/conformance.ts",
  "balancer/engine/conformance_cases.ts",
  "balancer/engine/docker_harness.ts",
  "balancer/engine/podman_harness.ts",
  "balancer/engine/registry_harness.ts",
  "balancer/engine/swarm_harness.ts",
  "balancer/engine/testing.ts",
  "balancer/fleet/harness.ts",
  "balancer/fleet/shared_harness.ts",
  "balancer/fleet/shared_harness_port.ts",
  "balancer/proxy/http2/fuzz/fuzz.ts",
  "balancer/proxy/http2/testing.ts",
  "balancer/proxy/testing.ts",
  "balancer/tracing/testing.ts",
];

/** Files that count as a folder of their own: each is a room beside other rooms. */
export const FOLDERS_APART: readonly string[] = ROOMS.flatMap(({ paths }) =>
  paths.filter((path) => path.endsWith(".ts"))
);

/**
 * Folders inside a room, top to bottom: a folder imports folders of lower levels, never of its own
 * level or a higher one. `.` is the room's folder itself.
 */
export const FOLDER_ORDER: { readonly [parent: string]: readonly (readonly string[])[] } = {
  "balancer/proxy/": [
    ["worker"],
    ["downstream"],
    ["forward"],
    ["hold", "telemetry"],
    ["routing"],
    ["request"],
    ["upstream"],
    ["stats"],
    ["errors"],
    ["http2"],
    ["http1", "transport"],
    ["."],
  ],
  "balancer/fleet/": [
    ["operations"],
    ["."],
    ["reconcile"],
    ["health", "incidents", "plan", "store"],
    ["member"],
    ["spec"],
  ],
  "balancer/control/": [
    ["."],
    ["endpoints"],
    ["server"],
    ["api"],
    ["drill", "explain"],
    ["input", "reports"],
    ["auth"],
  ],
};
