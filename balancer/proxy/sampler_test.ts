import { assert, assertEquals } from "@std/assert";
import { Sampler } from "./sampler.ts";
import type { UpstreamConnection } from "./upstream_pool.ts";

function connection(instance: string): UpstreamConnection {
  return { pool: { upstream: { instance } } } as unknown as UpstreamConnection;
}

Deno.test("responses, errors and times to a first byte are counted by instance until they are taken", () => {
  const sampler = new Sampler();
  const [a, b] = [connection("a"), connection("b")];
  sampler.asked(a);
  sampler.answered(a, 200);
  sampler.asked(a);
  sampler.answered(a, 503);
  sampler.answered(b, 499);
  const samples = sampler.take();
  assertEquals(samples.map(({ instance, responses, errors }) => [instance, responses, errors]), [
    ["a", 2, 1],
    ["b", 1, 0],
  ]);
  assert(samples.every(({ firstByteMs }) => firstByteMs >= 0));
  assertEquals(sampler.take(), []);
});
