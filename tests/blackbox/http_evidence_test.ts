import { assert, assertEquals } from "@std/assert";
import { balancerFor, get, OK, type RawBalancer, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** The client's result for each odd URL, the same for every replica. */
const ODD: Record<string, number> = {
  "/head": 502,
  "/malformed": 502,
  "/closed": 502,
  "/silent": 504,
};

/** A service that has one bad answer for each odd URL. */
function oddService(): RawUpstream {
  return new RawUpstream((request, connection) => {
    const path = request.line.split(" ")[1]!;
    if (path === "/head") return `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}\r\n\r\n`;
    if (path === "/malformed") return "HTTP/1.1 abc\r\n\r\n";
    if (path === "/closed") return undefined;
    if (path === "/silent") return connection.rest().then(() => undefined);
    return OK;
  });
}

/** Asks for the odd URLs until `over` is set. @returns the statuses of the responses */
async function provoke(balancer: RawBalancer, until: { over: boolean }): Promise<number[]> {
  const statuses: number[] = [];
  while (!until.over) {
    for (const path of Object.keys(ODD)) statuses.push(statusOf(await balancer.ask(get(path))));
  }
  return statuses;
}

for (const [hold, health] of [["spill", ""], ["hold", ""], ["spill", "/heartbeat"]] as const) {
  const title = `with LB_HOLD=${hold} and ${health === "" ? "no health path" : "heartbeats"}`;
  test(`${title} two clients in a loop on odd URLs take no replica from the others`, async () => {
    const services = [oddService(), oddService(), oddService()];
    {
      await using balancer = await balancerFor(services, {
        LB_HOLD: hold,
        LB_HEALTH_PATH: health,
        LB_OUTLIERS: "true",
        LB_RESPONSE_TIMEOUT_MS: "1000",
      });
      const until = { over: false };
      const loops = Promise.all([provoke(balancer, until), provoke(balancer, until)]);
      try {
        using client = await balancer.connect();
        for (let id = 0; id < 1000; id++) {
          await client.send(get("/", `X-Request-Id: ${id}`));
          assertEquals(statusOf(await client.response()), 200);
        }
      } finally {
        until.over = true;
        await loops;
      }
      const expected = Object.values(ODD);
      for (const statuses of await loops) {
        assert(statuses.length >= expected.length);
        assertEquals(statuses.slice(0, 4), expected);
      }
      const { replicas } = await balancer.balancer.status();
      assertEquals(
        replicas.map(({ state, restarts }) => [state, restarts]),
        Array(3).fill(["ready", 0]),
      );
    }
    for (const service of services) await service[Symbol.asyncDispose]();
  });
}
