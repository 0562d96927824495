import { assertEquals } from "@std/assert";
import { inheritedEnvironment } from "./inherited_environment.ts";

Deno.test("replicas inherit the variables that programs need, and neither settings, secrets nor LD_PRELOAD", () => {
  const needed = { HOME: "/home/me", PATH: "/bin", TZ: "UTC" };
  const others = { LB_ADMIN_TOKEN: "t", AWS_SECRET_ACCESS_KEY: "s", LD_PRELOAD: "/lib/x.so" };
  assertEquals(inheritedEnvironment({ ...needed, ...others, OTEL_DENO: "true" }), needed);
});

Deno.test("programs are found if the balancer was started without PATH", () => {
  assertEquals(Object.keys(inheritedEnvironment({})), ["PATH"]);
});
