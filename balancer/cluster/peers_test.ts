import { assert, assertEquals, assertThrows } from "@std/assert";
import { TestClock, TestFailures } from "../fleet/testing.ts";
import type { BalancerReport } from "./balancer_report.ts";
import { MAX_ENTRIES, type PeerMessage, PeerMessageError } from "./peer_message.ts";
import type { PeerTransport } from "./peer_transport.ts";
import { Peers } from "./peers.ts";

function report(id: string, sequence = 0): BalancerReport {
  const routing = { epoch: 1, digest: "d", instances: 0, draining: [] };
  return { id, host: "h", pid: 1, sequence, ...routing, addresses: [`${id}:1`] };
}

/** One balancer whose messages a test sees, and answers when it wants. */
class Harness {
  readonly sent: PeerMessage[] = [];
  readonly received: PeerMessage[] = [];
  readonly failures = new TestFailures();
  readonly peers: Peers;
  others = [report("b"), report("c")];
  answer: () => Promise<void> = () => Promise.resolve();
  deliver: (text: string) => boolean = () => false;

  constructor() {
    const transport: PeerTransport = {
      addresses: ["a:1"],
      send: (_to, text) => {
        this.sent.push(JSON.parse(text));
        return this.answer();
      },
      listen: (deliver) => this.deliver = deliver,
      close: () => {},
    };
    let sequence = 0;
    this.peers = new Peers({
      self: "a",
      transport,
      clock: new TestClock(),
      failures: this.failures,
      others: () => this.others,
      report: () => report("a", ++sequence),
      onMessage: (message) => void this.received.push(message),
    });
  }

  text(fields: Partial<PeerMessage> = {}): string {
    const lists = { saved: {}, doubted: [], ended: [] };
    return JSON.stringify({
      ...{ to: "a", from: "b", number: 1, report: report("b"), ...lists, ...fields },
    });
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("peers: news goes to every other balancer that has an address, with the own report", async () => {
  const harness = new Harness();
  harness.others = [report("b"), { ...report("c"), addresses: [] }];
  harness.peers.announce({ saved: { state: 7 }, doubted: ["i1"] });
  await settled();
  assertEquals(harness.sent.map(({ to, saved, doubted }) => ({ to, saved, doubted })), [
    { to: "b", saved: { state: 7 }, doubted: ["i1"] },
  ]);
  assertEquals(harness.sent[0]!.report.id, "a");
  assert(harness.peers.reaches("b") && !harness.peers.reaches("c"));
});

Deno.test("peers: while a message is under way, further news is collected, and the lists are bounded", async () => {
  const harness = new Harness();
  harness.others = [report("b")];
  const first = Promise.withResolvers<void>();
  harness.answer = () => first.promise;
  harness.peers.announce();
  for (let n = 0; n < MAX_ENTRIES + 50; n++) harness.peers.announce({ doubted: [`i${n}`] });
  harness.peers.announce({ saved: { state: 8 }, ended: [{ instance: "i1", reason: "exit 1" }] });
  await settled();
  assertEquals(harness.sent.length, 1);
  harness.answer = () => Promise.resolve();
  first.resolve();
  await settled();
  assertEquals(harness.sent.length, 2);
  const { doubted, ended, saved, number } = harness.sent[1]!;
  assertEquals([doubted.length, ended.length, saved["state"], number], [MAX_ENTRIES, 1, 8, 2]);
});

Deno.test("peers: a balancer that cannot be reached is recorded once, until a message reaches it", async () => {
  const harness = new Harness();
  harness.others = [report("b")];
  harness.answer = () => Promise.reject(new Error("refused"));
  for (let n = 0; n < 3; n++) {
    harness.peers.announce();
    await settled();
  }
  assertEquals(harness.failures.actions, ["cluster.peer"]);
  assert(!harness.peers.reaches("b"));
  harness.answer = () => Promise.resolve();
  harness.peers.announce();
  await settled();
  assert(harness.peers.reaches("b"));
});

Deno.test("peers: a copy, an older message and one for another balancer have no effect", () => {
  const harness = new Harness();
  assert(harness.deliver(harness.text({ number: 2 })));
  assert(harness.deliver(harness.text({ number: 2 })));
  assert(harness.deliver(harness.text({ number: 1 })));
  assert(!harness.deliver(harness.text({ to: "earlier life", number: 3 })));
  assertEquals(harness.received.map(({ number }) => number), [2]);
  assertThrows(() => harness.deliver("{"), PeerMessageError, "not JSON");
  const many = Array.from({ length: MAX_ENTRIES + 1 }, (_, n) => `i${n}`);
  assertThrows(() => harness.deliver(harness.text({ doubted: many })), PeerMessageError, "doubted");
});

Deno.test("peers: only balancers that no message has reached are greeted", async () => {
  const harness = new Harness();
  harness.peers.greet();
  await settled();
  assertEquals(harness.sent.map(({ to }) => to), ["b", "c"]);
  harness.others.push(report("d"));
  harness.peers.greet();
  await settled();
  assertEquals(harness.sent.map(({ to }) => to), ["b", "c", "d"]);
});
