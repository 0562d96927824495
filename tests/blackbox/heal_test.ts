import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Balancer, pidOf, processExists, signal } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { waitUntil, within } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const MORTAL =
  `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION ` +
  new URL("../testdata/mortal.ts", import.meta.url).pathname;

/** A balancer whose replicas die on request. */
function ofMortals(env: Record<string, string> = {}): Promise<Balancer> {
  return Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICA_COMMAND: MORTAL,
    LB_HEALTH_PATH: "/heartbeat",
    ...env,
  });
}

interface Report {
  readonly name: string;
  readonly signal: string;
  readonly exit: string | null;
  readonly lastWords: readonly string[];
  readonly served: boolean;
  readonly failedStarts: number;
  readonly startFailure: string | null;
  readonly spare: boolean;
  readonly timings: Readonly<Record<string, number | null>>;
  readonly requests: Readonly<Record<string, number>>;
}

async function incidents(balancer: Balancer): Promise<readonly Report[]> {
  return ((await balancer.call("GET", "/_lb/incidents")).body as { incidents: Report[] }).incidents;
}

/** The newest incident, once it is over. */
async function lastIncident(balancer: Balancer): Promise<Report> {
  let newest: Report | undefined;
  await waitUntil("the newest incident is over", async () => {
    [newest] = await incidents(balancer);
    return newest !== undefined && newest.timings["release"] !== null;
  });
  return newest!;
}

/** The newest incident that fulfils a condition. */
async function untilIncident(
  balancer: Balancer,
  isSo: (incident: Report) => boolean,
): Promise<Report> {
  let found: Report | undefined;
  await waitUntil("such an incident", async () => {
    found = (await incidents(balancer)).find(isSo);
    return found !== undefined;
  });
  return found!;
}

test("while the only replica is being replaced, requests of every kind wait and are answered", async () => {
  await using balancer = await ofMortals({ LB_REPLICAS: "1" });
  const pid = pidOf(await balancer.replica("Server1"));
  await signal(pid, "KILL");
  await balancer.until(({ ready }) => ready === 0);
  const chunks = ReadableStream.from(["some ", "chunks"]).pipeThrough(new TextEncoderStream());
  const answers = await Promise.all([
    balancer.fetch("/a"),
    balancer.fetch("/b", { method: "POST", body: "x".repeat(4096) }),
    balancer.fetch("/c", { method: "POST", body: chunks }),
  ]);
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  assertEquals(answers.map(({ status }) => status), [200, 200, 200]);
  assertEquals(bodies.map(({ bytes }) => bytes), [0, 4096, 11]);
  assert(bodies.every((body) => body.pid !== pid));
  const incident = await lastIncident(balancer);
  assertEquals([incident.name, incident.requests["lost"]], ["Server1", 0]);
});

test("a replica that stops answering is replaced because requests wait for it, not by the next heartbeat", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_HEARTBEAT_MS: "600000",
  });
  const pid = pidOf(await balancer.replica("Server2"));
  await signal(pid, "STOP");
  const load = new Load(`${balancer.url}/home`, 8);
  await balancer.until(({ ready, replicas }) =>
    ready === 3 && replicas.some(({ restarts }) => restarts === 1)
  );
  assertEquals((await load.stop()).failed, []);
  assertEquals(await processExists(pid), false);
  assertEquals((await lastIncident(balancer)).name, "Server2");
});

test("a spare stands in under the name, numbers and slots of a replica that died", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_SPARES: "1" });
  const before = await balancer.until(({ spares }) => spares[0]?.state === "ready");
  const load = new Load(`${balancer.url}/home`, 4);
  await signal(pidOf(before.replicas.find(({ name }) => name === "Server2")), "KILL");
  const after = await balancer.until(({ ready, replicas, spares }) =>
    ready === 3 && replicas.some(({ restarts }) => restarts === 1) && spares[0]?.state === "ready"
  );
  const { failed, served } = await load.stop();
  assertEquals(failed, []);
  assertEquals([...served.keys()].sort(), ["1", "2", "3"]);
  assertEquals(after.digest, before.digest);
  const stoodIn = after.replicas.find(({ name }) => name === "Server2");
  assertEquals(stoodIn?.instance, before.spares[0]?.instance);
  assertNotEquals(after.spares[0]?.instance, before.spares[0]?.instance);
  assertEquals((await lastIncident(balancer)).spare, true);
});

test("a request that kills is not sent round the ring: its key is quarantined, the others go on", async () => {
  await using balancer = await ofMortals({ LB_KEY: "path" });
  const statuses: number[] = [];
  while (statuses.at(-1) !== 503) {
    const response = await balancer.fetch("/die");
    await response.body?.cancel();
    statuses.push(response.status);
    await balancer.until(({ ready }) => ready === 3);
  }
  const status = await balancer.status();
  assertEquals(status.quarantined.map(({ key }) => key), ["/die"]);
  const deaths = status.replicas.reduce((sum, { restarts }) => sum + restarts, 0);
  assert(deaths >= 3 && deaths <= 4, `${deaths} deaths`);
  assertEquals((await balancer.fetch("/live")).status, 200);
});

test("with LB_HOLD=fail a request for a replica that is being replaced is a 503 with Retry-After", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_HOLD: "fail",
  });
  await signal(pidOf(await balancer.replica("Server1")), "KILL");
  await balancer.until(({ ready }) => ready === 0);
  const response = await balancer.fetch("/home");
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  await response.body?.cancel();
  await balancer.until(({ ready }) => ready === 1);
});

test("the status shows the output of an instance that never became ready", async () => {
  await using balancer = await Balancer.start({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_REPLICA_COMMAND: "sh -c 'echo no such database; exit 3'",
  });
  const { replicas } = await balancer.until(({ replicas }) =>
    replicas[0]?.lastError?.lastWords !== undefined
  );
  assertEquals(replicas[0]?.lastError?.lastWords, ["no such database"]);
});

test("the fleet's members survive kill -9 of the balancer, also in the middle of a heal", async () => {
  const name = `test-${crypto.randomUUID()}.json`;
  await Deno.mkdir(new URL("../../.run/state/", import.meta.url), { recursive: true });
  const file = `.run/state/${name}`;
  const env = { LB_ENGINE: "process", LB_STATE_FILE: file };
  try {
    const first = await Balancer.ready(env);
    assertEquals((await first.call("POST", "/add", { n: 1, hostnames: ["S9"] })).status, 200);
    assertEquals((await first.call("DELETE", "/rm", { n: 1, hostnames: ["Server2"] })).status, 200);
    await signal(pidOf(await first.replica("S9")), "KILL");
    await first.end("SIGKILL");
    await using second = await Balancer.ready(env);
    const { replicas } = await second.status();
    assertEquals(replicas.map(({ name }) => name), ["Server1", "Server3", "S9"]);
  } finally {
    await Deno.remove(new URL(`../../${file}`, import.meta.url));
  }
});

test("a deploy replaces every replica without a lost request, and one that cannot start changes nothing", async () => {
  await using balancer = await ofMortals();
  const before = await balancer.status();
  const lost: string[] = [];
  let running = true;
  const client = async () => {
    while (running) {
      const response = await balancer.fetch("/x", { method: "POST", body: "12345" });
      const text = await response.text();
      if (response.status !== 200) lost.push(`${response.status} ${text}`);
    }
  };
  const clients = Array.from({ length: 4 }, client);
  const deploy = async (command: string) => {
    const response = await balancer.fetch("/_lb/deploy", {
      method: "POST",
      headers: await balancer.bearer(),
      body: JSON.stringify({ command }),
    });
    return (await response.text()).split("\n").filter((line) => line.startsWith("event:"));
  };
  const steps = await deploy(`env VERSION=2 ${MORTAL}`);
  assertEquals(steps.length, 13);
  assertEquals(steps.filter((step) => step === "event: watching").length, 3);
  assertEquals(steps.at(-1), "event: done");
  const after = await balancer.status();
  assertEquals([after.digest, after.ready], [before.digest, 3]);
  const versions = async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => (await balancer.fetch("/")).json()),
    );
    return new Set(answers.map(({ version }) => version));
  };
  assertEquals([...await versions()], ["2"]);
  const failed = await deploy("sh -c 'exit 1'");
  assertEquals(failed, ["event: starting", "event: rolling-back", "event: rolled-back"]);
  running = false;
  await Promise.all(clients);
  assertEquals(lost, []);
  assertEquals([...await versions()], ["2"]);
  const kept = (await balancer.status()).replicas.map(({ instance }) => instance);
  assertEquals(kept, after.replicas.map(({ instance }) => instance));
});

test("a deploy whose replica becomes ready and dies soon after goes back, and says why", async () => {
  await using balancer = await ofMortals();
  const before = await balancer.status();
  const response = await balancer.fetch("/_lb/deploy", {
    method: "POST",
    headers: await balancer.bearer(),
    body: JSON.stringify({ command: `env LIFE_MS=1500 ${MORTAL}`, minReadyMs: 20_000 }),
  });
  const text = await response.text();
  assert(text.includes('"step":"watching","name":"Server1","forMs":20000'), text);
  const last = JSON.parse(text.trim().split("data: ").at(-1) ?? "");
  assertEquals(last.step, "rolled-back");
  assertMatch(
    last.reason,
    /^Server1 did not stay ready for 20000 ms: .*exit code 3; it wrote: .*my life is over/,
  );
  const after = await balancer.until(({ ready }) => ready === 3);
  assertEquals(after.template, before.template);
  assertEquals(
    after.replicas.slice(1).map(({ instance }) => instance),
    before.replicas.slice(1).map(({ instance }) => instance),
  );
});

test("how a replica that served ended is in the incident, the status and the log", async () => {
  await using balancer = await ofMortals({ LB_REPLICAS: "2" });
  // Its own request breaks first: the connection is the first sign, the engine's word the second.
  for (let tries = 0; (await incidents(balancer)).length === 0; tries++) {
    assert(tries < 1000);
    await (await balancer.fetch("/die")).body?.cancel();
  }
  const told = await untilIncident(balancer, ({ exit }) => exit !== null);
  assertEquals(told.exit, "exit code 1");
  assert(told.lastWords.includes("asked to die"), told.lastWords.join());
  const { replicas } = await balancer.until(({ replicas }) =>
    replicas.some(({ name, lastError }) => name === told.name && lastError?.exit !== undefined)
  );
  const error = replicas.find(({ name }) => name === told.name)?.lastError;
  assertEquals([error?.exit, error?.lastWords?.includes("asked to die")], ["exit code 1", true]);
  const { output } = await balancer.end("SIGTERM");
  assertMatch(output, /exit code 1.*asked to die/);
});

test("why a replica does not become ready is in the answer of /add, the status and an incident", async () => {
  await using balancer = await ofMortals({
    LB_REPLICAS: "1",
    LB_START_TIMEOUT_MS: "3000",
    LB_REPLICA_ENV: JSON.stringify({ REFUSES: "S4" }),
  });
  const adding = balancer.call("POST", "/add", { n: 1, hostnames: ["S4"] });
  await balancer.until(({ replicas }) =>
    replicas.some(({ name, start }) =>
      name === "S4" && start?.notReady === "400 from /heartbeat: host not allowed"
    )
  );
  const { status, body } = await adding;
  assertEquals(status, 503);
  const { message } = body as { readonly message: string };
  assertMatch(
    message,
    /S4 did not become ready: not ready 3000 ms after its start: 400 from \/heartbeat: host not allowed \(\d+ heartbeats\)/,
  );
  const [incident] = await incidents(balancer);
  assertEquals([incident?.name, incident?.served, incident?.failedStarts], ["S4", false, 1]);
  assertMatch(incident?.startFailure ?? "", /400 from \/heartbeat: host not allowed/);
});

test("a drill kills a real replica under load and says whether the promise was kept", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_DRILLS: "true" });
  const token = await balancer.bearer();
  const load = { kill: "Server2", path: "/home", seconds: 2 };
  const { status, body } = await balancer.call("POST", "/_lb/drill", load, token);
  const report = body as { passed: boolean; missed: string[]; incident: Report };
  assertEquals([status, report.missed, report.passed], [200, [], true]);
  assertEquals(report.incident.name, "Server2");
  assertEquals((await balancer.call("POST", "/_lb/drill", { kill: "Nobody" }, token)).status, 409);
});

test("every transition of the fleet is an event, sent as it happens", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_REPLICAS: "1" });
  const events = await balancer.fetch("/_lb/events");
  const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
  await signal(pidOf(await balancer.replica("Server1")), "KILL");
  let text = "";
  while (!text.includes("event: incident")) {
    const { value = "", done } = await within("an event", reader!.read());
    assert(!done, text);
    text += value;
  }
  await reader?.cancel();
  const steps = [...text.matchAll(/"from":"(\w+)","to":"(\w+)"/g)].map(([, from, to]) =>
    `${from} ${to}`
  );
  assertEquals(steps, ["ready waiting", "waiting starting", "starting warming", "warming ready"]);
});

test("a replica that answers with errors, unlike its peers, is replaced where the settings ask for it", async () => {
  await using balancer = await ofMortals({ LB_OUTLIERS: "true" });
  await (await balancer.fetch("/sicken")).body?.cancel();
  await waitUntil("an incident", async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => balancer.fetch("/")));
    for (const answer of answers) await answer.body?.cancel();
    return (await incidents(balancer)).length > 0;
  });
  assertEquals(
    (await lastIncident(balancer)).signal,
    "outlier: 100 % of its responses are 5xx, 0 % elsewhere",
  );
});
