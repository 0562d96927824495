import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Socket, socketOf } from "./socket.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

/** Both kinds: the runtime's internal operations, and its documented methods. */
const KINDS = {
  "the runtime's own": (connection: Deno.TcpConn) => socketOf(connection),
  "the documented methods": (connection: Deno.TcpConn) => {
    const strange = { internalRidSymbol: Symbol(), read: never, write: never };
    return socketOf(connection, strange);
  },
};

function never(): never {
  throw new Error("no connection has this symbol");
}

async function pair(open: (connection: Deno.TcpConn) => Socket) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const [connection, peer] = await Promise.all([
    Deno.connect({ hostname, port }),
    listener.accept(),
  ]);
  const close = (one: Deno.TcpConn) => {
    try {
      one.close();
    } catch (error) {
      assert(error instanceof Deno.errors.BadResource);
    }
  };
  const dispose = () => [connection, peer].forEach(close);
  return { socket: open(connection), connection, peer, [Symbol.dispose]: dispose };
}

const BYTES = new TextEncoder().encode("abcdef");

test("this runtime has the internal read and write operations", async () => {
  using one = await pair(KINDS["the runtime's own"]);
  const documented = KINDS["the documented methods"](one.connection);
  assert(one.socket.constructor !== documented.constructor);
});

for (const [kind, open] of Object.entries(KINDS)) {
  test(`${kind}: bytes are read into the beginning, as many as there are`, async () => {
    using one = await pair(open);
    const into = new Uint8Array(4);
    await one.peer.write(BYTES);
    assertEquals([await one.socket.read(into), into], [4, BYTES.slice(0, 4)]);
    assertEquals([await one.socket.read(into), into.slice(0, 2)], [2, BYTES.slice(4)]);
  });

  test(`${kind}: a read waits for bytes`, async () => {
    using one = await pair(open);
    const read = one.socket.read(new Uint8Array(8));
    await one.peer.write(BYTES);
    assertEquals(await read, BYTES.length);
  });

  test(`${kind}: the end of the peer's side reads as zero bytes, repeatedly`, async () => {
    using one = await pair(open);
    await one.peer.closeWrite();
    assertEquals(await one.socket.read(new Uint8Array(8)), 0);
    assertEquals(await one.socket.read(new Uint8Array(8)), 0);
  });

  test(`${kind}: written bytes arrive`, async () => {
    using one = await pair(open);
    assertEquals(await one.socket.write(BYTES), BYTES.length);
    const into = new Uint8Array(8);
    assertEquals(await one.peer.read(into), BYTES.length);
    assertEquals(into.slice(0, BYTES.length), BYTES);
  });

  test(`${kind}: a write takes the bytes that fit, and returns their number`, async () => {
    using one = await pair(open);
    const much = new Uint8Array(64 * 1024 * 1024);
    const written = await one.socket.write(much);
    assertEquals(written > 0 && written < much.length, true);
  });

  test(`${kind}: closing the connection ends operations under way`, async () => {
    using one = await pair(open);
    const read = assertRejects(() => one.socket.read(new Uint8Array(8)));
    one.connection.close();
    await read;
    await assertRejects(() => one.socket.read(new Uint8Array(8)));
    await assertRejects(() => one.socket.write(BYTES));
  });
}
