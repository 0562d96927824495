import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Incident, NO_COSTS } from "../../fleet/incidents/incident.ts";
import { DrillError, type DrillOptions, makeDrill } from "./drill.ts";
import { parseBody } from "../input/schema.ts";
import { drill as form, type DrillRequest } from "../input/fleet_requests.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const VICTIM = {
  name: "Server2",
  instance: "i1",
  address: { hostname: "127.0.0.1", port: 1 },
};

function incident(changes: Partial<Incident> = {}): Incident {
  return {
    id: 1,
    name: "Server2",
    instance: "i1",
    served: true,
    failedStarts: 0,
    signal: "exit code 137",
    evidence: {},
    at: 1000,
    signalAt: 1000,
    releasedAt: 1300,
    spare: false,
    costs: NO_COSTS,
    ...changes,
  };
}

function request(changes: object = {}): DrillRequest {
  return parseBody(
    form,
    JSON.stringify({ kill: "Server2", seconds: 1, path: "/home", ...changes }),
  );
}

/** Runs a drill against a test server that answers with a status. */
async function drill(asked: DrillRequest, changes: Partial<DrillOptions> = {}, status = 200) {
  const paths = new Set<string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    paths.add(new URL(request.url).pathname);
    return new Response("x", { status });
  });
  const killed: string[] = [];
  try {
    const report = await makeDrill(asked, {
      url: () => `http://127.0.0.1:${server.addr.port}`,
      upstream: () => VICTIM,
      kill: (instance) => Promise.resolve(void killed.push(instance)),
      incidents: () => [incident()],
      ...changes,
    });
    return { report, killed, paths: [...paths] };
  } finally {
    await server.shutdown();
  }
}

test("a drill kills the replica under load, and passes if every request was answered", async () => {
  const { report, killed, paths } = await drill(request());
  assertEquals([report.passed, report.missed, killed, paths], [true, [], ["i1"], ["/home"]]);
  assert(report.load.requests > 0 && report.load.statuses[200] === report.load.requests);
  assertEquals(report.incident?.timings.release, 300);
});

test("a drill with lost requests fails and reports their number", async () => {
  const { report } = await drill(request(), {}, 503);
  assertEquals(report.missed, [`lost: ${report.load.requests} of at most 0`]);
});

test("a drill fails if the ring took too long", async () => {
  const slow = { incidents: () => [incident({ releasedAt: 9000 })] };
  const { report } = await drill(request({ objective: { fullRingMs: 100 } }), slow);
  assertEquals(report.missed, ["fullRingMs: 8000 of at most 100"]);
});

test("a drill fails if the ring does not become full", async () => {
  const { releasedAt: _, ...open } = incident();
  const never = { incidents: () => [open] };
  const { report } = await drill(request({ objective: { fullRingMs: 100 } }), never);
  assertEquals(report.missed, ["fullRingMs: the ring is not full again"]);
});

test("a replica that cannot be killed ends the drill", async () => {
  const failing = { kill: () => Promise.reject(new Error("no")) };
  await assertRejects(() => drill(request(), failing), Error, "no");
  await assertRejects(() => drill(request(), { upstream: () => undefined }), DrillError);
});
