import { assert, assertEquals } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import {
  balancerFor,
  field,
  get,
  type RawBalancer,
  type RawConnection,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const RING = Ring.build({ members: ["Server1", "Server2"] });

/** Ring fields that a replica sends and that must not be forwarded. */
const SPOOFED = "X-Ring-Slot: 9999\r\nx-ring-replica: Evil\r\nX-Ring-Epoch: 9\r\n" +
  "X-RING-DIGEST: evil\r\nX-Own: yes\r\n";

const LENGTH = `HTTP/1.1 200 OK\r\n${SPOOFED}Content-Length: 2\r\n\r\n`;
const CHUNKED =
  `HTTP/1.1 200 OK\r\n${SPOOFED}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`;

function server(): RawUpstream {
  return new RawUpstream(({ line }) => {
    if (line.startsWith("HEAD")) return LENGTH;
    if (line.includes("/chunked")) return CHUNKED;
    if (line.includes("/early")) return `HTTP/1.1 103 Early Hints\r\n${SPOOFED}\r\n${LENGTH}ok`;
    if (line.includes("/closed")) return undefined;
    if (line.includes("/upgrade")) {
      return `HTTP/1.1 101 Switching Protocols\r\n${SPOOFED}Connection: upgrade\r\nUpgrade: x\r\n\r\n`;
    }
    if (line.includes("/missing")) return LENGTH.replace("200 OK", "404 Not Found") + "ok";
    return `${LENGTH}ok`;
  });
}

/** The fields of a response that are about the ring. */
function ringFields(response: RawMessage): (string | undefined)[] {
  return [field(response, "x-ring-slot"), field(response, "x-ring-replica")];
}

/** The expected ring fields of a response to that id. */
function expected(id: number): string[] {
  return [String(RING.slotOfId(id)), RING.ownerOfId(id)!];
}

async function exchange(
  client: RawConnection,
  request: string,
  method?: string,
): Promise<RawMessage> {
  await client.send(request);
  return await client.response(method);
}

function idOf(owner: string): number {
  for (let id = 0;; id++) if (RING.ownerOfId(id) === owner) return id;
}

test("responses carry the ring fields of the balancer, never those of a replica", async (t) => {
  await using one = server();
  await using two = server();
  await using balancer = await balancerFor([one, two], { LB_RING_FIELDS: "true" });
  using client = await balancer.connect();
  const requests: [what: string, request: (id: string) => string, status: number][] = [
    ["on a new connection", (id) => get("/", id), 200],
    ["on one that was used before", (id) => get("/", id), 200],
    ["in chunks", (id) => get("/chunked", id), 200],
    ["to HEAD", (id) => get("/", id).replace("GET", "HEAD"), 200],
    [
      "to POST",
      (id) => get("/", id, "Content-Length: 3").replace("GET", "POST") + "abc",
      200,
    ],
    ["that is an error of the replica's", (id) => get("/missing", id), 404],
  ];
  for (const [what, request, status] of requests) {
    await t.step(`a response ${what}`, async () => {
      for (const id of [idOf("Server1"), idOf("Server2")]) {
        const text = request(`X-Request-Id: ${id}`);
        const response = await exchange(client, text, text.slice(0, text.indexOf(" ")));
        assertEquals(statusOf(response), status);
        assertEquals(ringFields(response), expected(id));
        assertEquals(field(response, "x-own"), "yes");
        assertEquals(field(response, "x-ring-epoch"), "0");
        assertEquals(field(response, "x-ring-digest"), RING.digest);
      }
    });
  }
  await t.step("an interim response has no ring fields", async () => {
    const early = await exchange(client, get("/early", "X-Request-Id: 1"));
    assertEquals([statusOf(early), ...ringFields(early)], [103, undefined, undefined]);
    assertEquals(field(early, "x-ring-epoch"), undefined);
    assertEquals(field(early, "x-own"), "yes");
    assertEquals(ringFields(await client.response()), expected(1));
  });
  await t.step("a switch of protocols", async () => {
    using other = await balancer.connect();
    const upgrade = get("/upgrade", "X-Request-Id: 1", "Connection: upgrade", "Upgrade: x");
    const response = await exchange(other, upgrade);
    assertEquals([statusOf(response), ...ringFields(response)], [101, ...expected(1)]);
  });
  await t.step("an answer of the balancer itself has no such fields", async () => {
    await assertNone(balancer, 200, get("/rep"));
    await assertNone(balancer, 502, get("/closed", "X-Request-Id: 1").replace("GET", "POST"));
    await assertNone(balancer, 400, "GET / HTTP/1.1\r\n\r\n");
  });
});

async function assertNone(balancer: RawBalancer, status: number, request: string): Promise<void> {
  const response = await balancer.ask(request);
  assertEquals([statusOf(response), ...ringFields(response)], [status, undefined, undefined]);
}

test("the response of another replica carries the slot of the key and the name of that replica", async () => {
  const one = server();
  await using two = server();
  await using balancer = await balancerFor([one, two], { LB_RING_FIELDS: "true" });
  const id = idOf("Server1");
  await one[Symbol.asyncDispose]();
  const response = await balancer.ask(get("/", `X-Request-Id: ${id}`));
  assertEquals(statusOf(response), 200);
  assertEquals(ringFields(response), [String(RING.slotOfId(id)), "Server2"]);
});

test("without the setting a replica's fields of these names are forwarded", async () => {
  await using one = server();
  await using balancer = await balancerFor([one]);
  using client = await balancer.connect();
  for (const path of ["/", "/", "/chunked"]) {
    const response = await exchange(client, get(path));
    assertEquals(ringFields(response), ["9999", "Evil"]);
    assert(response.fields.includes("x-ring-replica: Evil"));
  }
});
