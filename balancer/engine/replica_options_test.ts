import { assertEquals } from "@std/assert";
import { bytesOf, filledIn, needsIdentity, replicaOptions, volumeOf } from "./replica_options.ts";

/** Returns `path: message` of each error. */
function faults(options: unknown): string[] {
  const issues = replicaOptions.safeParse(options).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const ALL = {
  memory: "512m",
  cpus: 1.5,
  pids: 100,
  volumes: ["data-$SERVER_NAME:/data", "/srv/${FLEET}:/srv:ro"],
  tmpfs: ["/tmp", "/run:size=64m,mode=1777"],
  readOnly: true,
  capAdd: ["NET_BIND_SERVICE"],
  capDrop: ["ALL"],
  user: "1000:1000",
  networks: ["db"],
  extraHosts: ["db:10.0.0.1", "six:fe80::1", "gate:host-gateway"],
  labels: { team: "a" },
  log: { driver: "json-file", options: { "max-size": "1m" } },
  stopSignal: "SIGQUIT",
  secrets: { "db-password": "/etc/secrets/db" },
};

Deno.test("replica options: all keys are accepted, and none is required", () => {
  assertEquals(faults(ALL), []);
  assertEquals(faults({}), []);
});

Deno.test("replica options: an error names the key, the bound and the value", () => {
  const cases: [unknown, string][] = [
    [{ memory: "5m" }, 'memory: must be at least 6m: bytes, or a number with k, m or g; got "5m"'],
    [
      { memory: "lots" },
      'memory: must be at least 6m: bytes, or a number with k, m or g; got "lots"',
    ],
    [{ cpus: 0 }, "cpus: must be a number from 0.01 to 1024; got 0"],
    [{ pids: 1.5 }, "pids: must be a whole number from 1 to 4194304; got 1.5"],
    [{ readOnly: "yes" }, 'readOnly: must be true or false; got "yes"'],
    [{ stopSignal: "quit" }, 'stopSignal: must be a signal, such as SIGQUIT; got "quit"'],
    [{ user: "a b" }, 'user: must be USER or USER:GROUP, by name or number; got "a b"'],
    [
      { secrets: { db: "relative" } },
      'secrets.db: must be an absolute path on the Engine\'s machine; got "relative"',
    ],
    [
      { extraHosts: ["db=1.2.3.4"] },
      'extraHosts.0: must be NAME:ADDRESS, an IP address or host-gateway; got "db=1.2.3.4"',
    ],
  ];
  for (const [options, expected] of cases) assertEquals(faults(options), [expected]);
});

Deno.test("replica options: the error of an unknown key lists the known ones", () => {
  const [fault = ""] = faults({ ports: [80] });
  assertEquals(fault.endsWith('got ["ports"]'), true, fault);
  assertEquals(fault.includes("memory, cpus, pids"), true, fault);
});

Deno.test("replica options: the balancer's own labels cannot be set", () => {
  assertEquals(faults({ labels: { "ringkeeper.fleet": "x" } }).length, 1);
});

Deno.test("replica options: a volume has a source, an absolute path and no unknown variable", () => {
  for (const volume of ["data", "data:relative", "data:/a:rx", "$HOME:/a", "./x:/a", ":/a"]) {
    assertEquals(faults({ volumes: [volume] }).length, 1, volume);
  }
});

Deno.test("replica options: a path of the container is used once", () => {
  assertEquals(faults({ volumes: ["a:/data"], tmpfs: ["/data:size=1m"] }), [
    'tmpfs: must use each path of the container once; got "/data" twice',
  ]);
});

Deno.test("replica options: amounts of memory are multiples of 1024", () => {
  assertEquals(["1k", "1.5M", "2g", "7b", "7", 7].map(bytesOf), [
    1024,
    1.5 * 2 ** 20,
    2 ** 31,
    7,
    7,
    7,
  ]);
  assertEquals(["", "m", "1t", "-1", "1e3"].map(bytesOf).every(Number.isNaN), true);
});

Deno.test("replica options: the name of a variable ends at the first other character", () => {
  const values = { SERVER_NAME: "Server1", FLEET: "f" };
  assertEquals(filledIn("$FLEET-data-${SERVER_NAME}x:/d", values), "f-data-Server1x:/d");
  assertEquals(filledIn("$SERVER_NAMEx", values), "$SERVER_NAMEx");
});

Deno.test("replica options: a volume is read with its mode", () => {
  assertEquals(volumeOf("a:/b:ro"), { source: "a", target: "/b", readOnly: true });
  assertEquals(volumeOf("a:/b"), { source: "a", target: "/b", readOnly: false });
});

Deno.test("replica options: volumes and secrets with the replica's name need a name", () => {
  assertEquals(needsIdentity({ volumes: ["data-$SERVER_NAME:/d"] }), true);
  assertEquals(needsIdentity({ secrets: { key: "/keys/${SERVER_ID}" } }), true);
  assertEquals(needsIdentity({ volumes: ["$FLEET:/d"], labels: { a: "$SERVER_NAME" } }), false);
});
