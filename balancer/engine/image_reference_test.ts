import { assertEquals } from "@std/assert";
import { readReference } from "./image_reference.ts";

Deno.test("image reference: a first part that looks like a host is the registry", () => {
  const parts = (text: string) => Object.values(readReference(text));
  assertEquals(parts("nginx"), ["docker.io", "nginx", "latest"]);
  assertEquals(parts("team/app:2"), ["docker.io", "team/app", "2"]);
  assertEquals(parts("localhost/app"), ["localhost", "localhost/app", "latest"]);
  assertEquals(parts("r.example/app"), ["r.example", "r.example/app", "latest"]);
  assertEquals(parts("host:5000/a/b:c"), ["host:5000", "host:5000/a/b", "c"]);
  assertEquals(parts("host:5000/a"), ["host:5000", "host:5000/a", "latest"]);
});

Deno.test("image reference: a digest goes before a tag", () => {
  const { name, tag } = readReference("host:5000/app:1@sha256:abc");
  assertEquals([name, tag], ["host:5000/app", "sha256:abc"]);
});
