import { assertEquals, assertStringIncludes } from "@std/assert";
import { haproxyConfig, serversUp } from "./haproxy_config.ts";

const CSV = `# pxname,svname,qcur,qmax,status,weight
public,FRONTEND,,,OPEN,
replicas,Server1,0,0,UP,1
replicas,Server2,0,0,DOWN,1
replicas,Server3,0,0,UP 1/2,1
replicas,BACKEND,0,0,UP,2
`;

Deno.test("the servers that are up are read from the statistics", () => {
  assertEquals(serversUp(CSV), ["Server1", "Server3"]);
  assertEquals(serversUp(""), []);
});

Deno.test("HAProxy repeats idempotent requests, and never a POST", () => {
  const servers = [{ name: "Server1", address: "10.0.0.1:5000" }];
  const config = haproxyConfig({ port: 1, statsPort: 2, servers });
  assertStringIncludes(config, "retry-on conn-failure empty-response");
  assertStringIncludes(config, "http-request disable-l7-retry if METH_POST");
  assertStringIncludes(config, "  server Server1 10.0.0.1:5000\n");
});
