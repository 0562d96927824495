import { assertEquals, assertStringIncludes } from "@std/assert";
import { haproxyConfig, serversUp } from "./haproxy.ts";

const CSV = `# pxname,svname,qcur,qmax,status,weight,addr
public,FRONTEND,,,OPEN,,
replicas,Server1,0,0,UP,1,10.0.1.4:5000
replicas,Server2,0,0,DOWN,1,10.0.1.5:5000
replicas,Server3,0,0,UP 1/2,1,10.0.1.6:5000
replicas,task4,0,0,MAINT (resolution),1,
replicas,BACKEND,0,0,UP,2,
`;

Deno.test("the servers that are up are read from the statistics", () => {
  assertEquals(serversUp(CSV).map(({ name }) => name), ["Server1", "Server3"]);
  assertEquals(serversUp(""), []);
});

Deno.test("the addresses that are up are read from the statistics", () => {
  assertEquals(serversUp(CSV).map(({ address }) => address), ["10.0.1.4", "10.0.1.6"]);
});

Deno.test("HAProxy repeats idempotent requests, and never a POST", () => {
  const servers = ["server Server1 10.0.0.1:5000"];
  const config = haproxyConfig({ bind: "127.0.0.1:1", statsBind: "127.0.0.1:2", servers });
  assertStringIncludes(config, "retry-on conn-failure empty-response");
  assertStringIncludes(config, "http-request disable-l7-retry if METH_POST");
  assertStringIncludes(config, "  server Server1 10.0.0.1:5000\n");
});
