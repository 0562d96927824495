import { assertEquals } from "@std/assert";
import { describeDockerHost } from "../engine/docker_connection.ts";
import { parseDockerHost } from "./docker_host.ts";

Deno.test("docker host: a socket is given as a URL or as a path", () => {
  const socketPath = "/run/user/1000/docker.sock";
  assertEquals(parseDockerHost(`unix://${socketPath}`), { socketPath });
  assertEquals(parseDockerHost(socketPath), { socketPath });
});

Deno.test("docker host: an address is given as a tcp URL, with port 2375 by default", () => {
  assertEquals(parseDockerHost("tcp://proxy:2376"), { hostname: "proxy", port: 2376 });
  assertEquals(parseDockerHost("tcp://10.0.0.7"), { hostname: "10.0.0.7", port: 2375 });
  assertEquals(parseDockerHost("tcp://[::1]:99/"), { hostname: "::1", port: 99 });
});

Deno.test("docker host: other forms are refused", () => {
  const wrong = ["", "docker.sock", "tcp://", "tcp://a:0", "tcp://a:65536", "tcp://a:1/path"];
  for (const text of [...wrong, "ssh://a", "http://a:1", "unix://", "unix://relative", "/a\0b"]) {
    assertEquals(parseDockerHost(text), undefined, text);
  }
});

Deno.test("docker host: a description can be read again", () => {
  for (const text of ["/var/run/docker.sock", "tcp://proxy:2375", "tcp://[fe80::1]:2376"]) {
    assertEquals(describeDockerHost(parseDockerHost(text)!), text);
  }
});
