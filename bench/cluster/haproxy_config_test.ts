import { assertStringIncludes } from "@std/assert";
import { serviceConfig } from "./haproxy_config.ts";

Deno.test("HAProxy finds the tasks of a service by Docker's DNS", () => {
  const config = serviceConfig({ port: 1, statsPort: 2, service: "web", servicePort: 5000 });
  assertStringIncludes(config, "  server-template task 10 tasks.web:5000 resolvers docker");
  assertStringIncludes(config, "  nameserver dns 127.0.0.11:53\n");
  assertStringIncludes(config, "  bind :1\n");
});
