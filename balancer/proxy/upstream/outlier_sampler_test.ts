import { assert, assertEquals } from "@std/assert";
import { MAX_BAD_KEYS } from "../../view.ts";
import { OutlierSampler } from "./outlier_sampler.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

function connection(instance: string, key = "k"): UpstreamConnection {
  const request = { destination: { key } };
  return { pool: { upstream: { instance } }, request } as unknown as UpstreamConnection;
}

Deno.test("responses, errors and times to a first byte are counted by instance until they are taken", () => {
  const sampler = new OutlierSampler();
  const [a, b] = [connection("a"), connection("b")];
  sampler.attemptStarted(a);
  sampler.responseStarted(a, 200);
  sampler.attemptStarted(a);
  sampler.responseStarted(a, 503);
  sampler.responseStarted(b, 499);
  const samples = sampler.take();
  assertEquals(samples.map(({ instance, responses, errors }) => [instance, responses, errors]), [
    ["a", 2, 1],
    ["b", 1, 0],
  ]);
  assert(samples.every(({ firstByteMs }) => firstByteMs >= 0));
  assertEquals(sampler.take(), []);
});

Deno.test("keys of bad responses are counted once each, up to a bound", () => {
  const sampler = new OutlierSampler();
  for (const key of ["x", "x", "y"]) sampler.responseStarted(connection("a", key), 500);
  for (let i = 0; i < 100; i++) sampler.responseStarted(connection("b", `key ${i}`), 502);
  for (let i = 0; i < 100; i++) sampler.responseStarted(connection("c", `key ${i}`), 404);
  assertEquals(sampler.take().map(({ badKeys }) => badKeys), [2, MAX_BAD_KEYS, 0]);
});
