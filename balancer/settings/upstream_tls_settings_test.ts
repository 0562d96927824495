import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, readConfig } from "../config.ts";

function fault(env: Record<string, string>): string {
  return assertThrows(() => readConfig(env), ConfigError).faults.join("\n");
}

Deno.test("settings of TLS to replicas: the default verifies by the system's authorities", () => {
  assertEquals(readConfig({}).upstreamTls, {
    ...{ owned: "off", ca: "", name: "", certificate: "", key: "" },
    insecureSkipVerify: false,
  });
});

Deno.test("settings of TLS to replicas: certificate and key belong together", () => {
  assertStringIncludes(
    fault({ LB_UPSTREAM_TLS_CERTIFICATE: "/a.pem" }),
    "LB_UPSTREAM_TLS_CERTIFICATE, LB_UPSTREAM_TLS_KEY: must be given together; got only /a.pem",
  );
  assertStringIncludes(fault({ LB_UPSTREAM_TLS_KEY: "/a.key" }), "got only /a.key");
});

Deno.test("settings of TLS to replicas: Unix sockets have no TLS", () => {
  assertStringIncludes(
    fault({ LB_ENGINE: "process", LB_UPSTREAM_TLS: "on", LB_REPLICA_SOCKETS: "/tmp" }),
    "LB_UPSTREAM_TLS: must be off with LB_REPLICA_SOCKETS, for Unix sockets have no TLS; got on",
  );
  assertStringIncludes(
    fault({ LB_ENGINE: "static", LB_UPSTREAMS: "https://unix:/a.sock" }),
    "`https://host:port` for TLS, or `unix:/path` without TLS",
  );
});

Deno.test("settings of TLS to replicas: the list of engine static turns TLS on by itself", () => {
  assertStringIncludes(
    fault({ LB_ENGINE: "static", LB_UPSTREAMS: "https://a:1", LB_UPSTREAM_TLS: "on" }),
    "LB_UPSTREAM_TLS: must be off with LB_ENGINE=static, where https://host:port",
  );
});

Deno.test("settings of TLS to replicas: authorities without verification are a mistake", () => {
  assertStringIncludes(
    fault({ LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY: "true", LB_UPSTREAM_TLS_CA: "/ca.pem" }),
    "LB_UPSTREAM_TLS_INSECURE_SKIP_VERIFY: must be false with LB_UPSTREAM_TLS_CA",
  );
});
