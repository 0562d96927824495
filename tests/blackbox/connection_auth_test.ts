import { assertEquals } from "@std/assert";
import { balancerFor, get, type RawConnection, RawUpstream } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/**
 * A service that authenticates connections, as IIS does: the user whose credentials came on a
 * connection is the user of every later request on that connection. `/chunked` is answered in
 * chunks.
 */
function service(): RawUpstream {
  const users = new WeakMap<RawConnection, string>();
  return new RawUpstream((request, connection) => {
    const credentials = request.fields.find((line) => /^authorization: /i.test(line));
    if (credentials) users.set(connection, "alice");
    const user = users.get(connection) ?? "nobody";
    const challenge = request.line.includes("/ask") ? "WWW-Authenticate: Basic, Negotiate\r\n" : "";
    if (request.line.includes("/chunked")) {
      const size = user.length.toString(16);
      return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${challenge}\r\n${size}\r\n${user}\r\n0\r\n\r\n`;
    }
    return `HTTP/1.1 200 OK\r\nContent-Length: ${user.length}\r\n${challenge}\r\n${user}`;
  });
}

async function ask(client: RawConnection, path: string, ...fields: string[]): Promise<string> {
  await client.send(get(path, ...fields));
  return (await client.response()).body;
}

for (const path of ["/", "/chunked"]) {
  for (const credentials of ["NTLM TlRMTVNTUAAB", "Negotiate YIIB", "negotiate YIIB"]) {
    test(`a connection with ${credentials} is its client's alone, answered at ${path}`, async () => {
      await using upstream = service();
      await using balancer = await balancerFor([upstream]);
      const alice = await balancer.connect();
      using other = await balancer.connect();
      assertEquals(await ask(alice, path, `Authorization: ${credentials}`), "alice");
      assertEquals(await ask(other, path), "nobody");
      assertEquals(await ask(alice, path), "alice", "a later request goes out on it");
      assertEquals(await ask(other, path), "nobody");
      assertEquals(upstream.connections.length, 2);
      alice.close();
      const [own] = upstream.connections;
      await own!.rest();
      assertEquals(await ask(other, path), "nobody");
      assertEquals(upstream.connections.length, 2);
    });
  }

  test(`a connection that was asked for Negotiate is its client's alone, answered at ${path}`, async () => {
    await using upstream = service();
    await using balancer = await balancerFor([upstream]);
    using one = await balancer.connect();
    using other = await balancer.connect();
    assertEquals(await ask(one, `${path}?/ask`), "nobody");
    assertEquals(await ask(other, path), "nobody");
    assertEquals(upstream.connections.length, 2);
  });
}

test("a connection with Basic or Bearer is shared, since those count for a request", async () => {
  await using upstream = new RawUpstream(() =>
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
  );
  await using balancer = await balancerFor([upstream]);
  using one = await balancer.connect();
  using other = await balancer.connect();
  await ask(one, "/", "Authorization: Basic YTpi");
  await ask(other, "/", "Authorization: Bearer ntlm");
  assertEquals(upstream.connections.length, 1);
});

test("a private connection that its replica closed is made again, as an unauthenticated one", async () => {
  await using upstream = service();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  assertEquals(await ask(client, "/", "Authorization: NTLM x"), "alice");
  upstream.connections[0]!.close();
  assertEquals(await ask(client, "/"), "nobody");
  assertEquals(upstream.connections.length, 2);
});
