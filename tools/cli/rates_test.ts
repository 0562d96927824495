import { assertEquals } from "@std/assert";
import type { Load } from "../../balancer/answers/load.ts";
import { ratesBetween } from "./rates.ts";

function load(at: number, requests: number, replicas: Record<string, number>): Load {
  return {
    at,
    requests,
    errors: requests / 100,
    held: requests / 200,
    retried: 0,
    spilled: 0,
    lost: 0,
    holding: 0,
    connections: 0,
    replicas: Object.fromEntries(
      Object.entries(replicas).map(([name, requests]) => [name, {
        requests,
        errors: 0,
        inFlight: 0,
        p50Ms: null,
        p99Ms: null,
        holdP99Ms: null,
      }]),
    ),
  };
}

Deno.test("rates are differences between two readings, by the balancer's clock", () => {
  const rates = ratesBetween(
    load(1000, 200, { A: 100, B: 100 }),
    load(3000, 600, { A: 200, C: 300 }),
  );
  assertEquals(rates, {
    requestsPerSecond: 200,
    errorsPerSecond: 2,
    heldPerSecond: 1,
    replicas: new Map([
      ["A", { requestsPerSecond: 50, errorsPerSecond: 0, share: 0.25 }],
      ["C", { requestsPerSecond: 150, errorsPerSecond: 0, share: 0.75 }],
    ]),
  });
});

Deno.test("without requests no replica has a share of them", () => {
  const rates = ratesBetween(load(0, 5, { A: 5 }), load(1000, 5, { A: 5 }));
  assertEquals(rates?.replicas.get("A")?.share, undefined);
});

Deno.test("readings across a restart, or without elapsed time, have no rates", () => {
  assertEquals(ratesBetween(undefined, load(0, 5, {})), undefined);
  assertEquals(ratesBetween(load(0, 5, {}), undefined), undefined);
  assertEquals(ratesBetween(load(0, 50, {}), load(1000, 5, {})), undefined);
  assertEquals(ratesBetween(load(7, 5, {}), load(7, 6, {})), undefined);
});
