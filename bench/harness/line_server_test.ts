import { assertEquals } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { LineServer } from "./line_server.ts";

test("a line is reported once its end has come, however it was sent", async () => {
  const lines: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  using server = new LineServer("127.0.0.1", (line) => {
    if (lines.push(line) === 3) resolve();
  });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  connection.setNoDelay(true);
  for (const part of ["1\n20\n3", "3", "\n4"]) {
    await connection.write(new TextEncoder().encode(part));
  }
  await promise;
  assertEquals(lines, ["1", "20", "33"]);
});
