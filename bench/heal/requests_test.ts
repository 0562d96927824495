import { assertEquals, assertRejects } from "@std/assert";
import { BrokenOff, HttpConnection } from "../harness/connection.ts";
import { systemTest as test } from "../../tools/test/needs.ts";
import { type Answer, type Kind, SEND, WrongAnswer } from "./requests.ts";

interface Sent {
  readonly sent: Promise<void>;
  readonly answer: Answer;
  readonly connection: HttpConnection;
}

/** Sends to a server that answers with these bytes after it has read the first of a request. */
async function send(kind: Kind, response: string, check: (sent: Sent) => Promise<void>) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1024));
    await connection.write(new TextEncoder().encode(response));
    await connection.closeWrite();
    // A reset would take the answer along.
    const scratch = new Uint8Array(65_536);
    while (await connection.read(scratch).catch(() => null) !== null);
  })();
  const connection = await HttpConnection.open(listener.addr.port);
  const answer: Answer = {};
  await check({
    sent: SEND[kind](connection, { key: "k", choice: 0 }, answer),
    answer,
    connection,
  });
  connection.close("the test is over");
  await serving;
}

const OK = "HTTP/1.1 200 OK\r\n";
const BAD = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno";
const STREAM = `${OK}X-Server: Server3\r\nTransfer-Encoding: chunked\r\n\r\n`;

test("a GET is answered by the replica that the answer names, after interim responses", async () => {
  const body = '{"name":"Server2"}';
  const interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
  const response = `${interim}${OK}Content-Length: ${body.length}\r\n\r\n${body}`;
  await send("get", response, async ({ sent, answer }) => {
    await sent;
    assertEquals(answer, { status: 200, server: "Server2" });
  });
});

test("an answer that ends too early is broken off", async () => {
  await send("get", `${OK}Content-Length: 20\r\n\r\n{"name"`, async ({ sent, answer }) => {
    await assertRejects(() => sent, BrokenOff, "the connection ended (body)");
    assertEquals(answer.status, 200);
  });
});

test("a POST with a changed body counts as a wrong answer", async () => {
  const body = '{"id":"k","bytes":4096,"digest":"00","name":"Server1"}';
  const response = `${OK}Content-Length: ${body.length}\r\n\r\n${body}`;
  await send("post", response, async ({ sent }) => {
    await assertRejects(() => sent, WrongAnswer, "instead of");
  });
});

test("an upload that is answered early is not sent to its end, nor its connection kept", async () => {
  await send("upload", BAD, async ({ sent, answer, connection }) => {
    await assertRejects(() => sent, WrongAnswer, "502 no");
    assertEquals([answer.status, connection.reusable], [502, false]);
  });
});

test("a stream that stops half way has broken off, and is known by its replica", async () => {
  const chunk = 'data: {"at":1}\n\n';
  const response = `${STREAM}${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  await send("stream", response, async ({ sent, answer }) => {
    await assertRejects(() => sent, BrokenOff);
    assertEquals(answer, { status: 200, server: "Server3" });
  });
});

test("a stream with too few events counts as a wrong answer", async () => {
  await send("stream", `${STREAM}0\r\n\r\n`, async ({ sent }) => {
    await assertRejects(() => sent, WrongAnswer, "0 events of 20");
  });
});
