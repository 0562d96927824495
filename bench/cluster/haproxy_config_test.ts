import { assertEquals, assertStringIncludes } from "@std/assert";
import { addressesUp, haproxyConfig } from "./haproxy_config.ts";

const CSV = `# pxname,svname,status,weight,addr
public,FRONTEND,OPEN,,
replicas,task1,UP,1,10.0.1.4:5000
replicas,task2,MAINT (resolution),1,
replicas,task3,DOWN,1,10.0.1.5:5000
replicas,task4,UP 1/2,1,10.0.1.6:5000
replicas,BACKEND,UP,2,
`;

Deno.test("the addresses that are up are read from the statistics", () => {
  assertEquals(addressesUp(CSV), ["10.0.1.4", "10.0.1.6"]);
  assertEquals(addressesUp(""), []);
});

Deno.test("HAProxy finds the tasks of a service by Docker's DNS", () => {
  const config = haproxyConfig({ port: 1, statsPort: 2, service: "web", servicePort: 5000 });
  assertStringIncludes(config, "  server-template task 10 tasks.web:5000 resolvers docker");
  assertStringIncludes(config, "  nameserver dns 127.0.0.11:53\n");
  assertStringIncludes(config, "  bind :1\n");
});
