import { assert, assertEquals } from "@std/assert";
import { get, RawBalancer, RawUpstream, statusOf } from "../harness/raw.ts";
import { reset } from "../harness/resets.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const RESETS = 4000;

for (const where of ["public port", "API's own port"]) {
  test(`connections to the ${where} that are reset before they are accepted cost nothing`, async () => {
    await using upstream = new RawUpstream();
    await using balancer = await RawBalancer.for([upstream.address], {
      LB_ADMIN_LISTEN: "127.0.0.1:0",
      LB_PUBLIC_API: "all",
    });
    const begun = performance.now();
    const port = where === "public port"
      ? balancer.port
      : Number(new URL(balancer.balancer.own).port);
    await reset(port, RESETS);
    assertEquals(statusOf(await balancer.ask(get("/rep"))), 200);
    const own = await fetch(`${balancer.balancer.own}/_lb/metrics`);
    const metrics = await own.text();
    const listener = where === "public port" ? "public" : "api";
    const failed = Number(
      new RegExp(`accept_failures_total\\{listener="${listener}"\\} (\\d+)`).exec(metrics)?.[1],
    );
    const { code, output } = await balancer.balancer.end("SIGTERM");
    const seconds = Math.ceil((performance.now() - begun) / 1000);
    assertEquals(code, 0);
    // How many are reset before they are accepted is up to the system; each of those is counted, and
    // a line a second says so.
    assert(failed > 0, `${failed} failed`);
    const lines = output.split("\n").filter((line) =>
      /"ringkeeper\.action":"(proxy|control)\.accept"/.test(line)
    );
    assert(lines.length >= 1 && lines.length <= seconds + 1, `${lines.length} in ${seconds} s`);
  });
}
