/**
 * Messages between the balancers of one fleet: the epoch by which each one routes, saves of shared
 * values, and evidence about instances. They only make the others look sooner: the shared store decides, a
 * heartbeat of its own confirms evidence, and a balancer that no message reaches is slower, not
 * wrong.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { FailureLog } from "../failures.ts";
import type { BalancerReport } from "./balancer_report.ts";
import { Outbox, type PeerNews } from "./outbox.ts";
import { parsePeerMessage, type PeerMessage } from "./peer_message.ts";
import type { PeerTransport } from "./peer_transport.ts";

/** Dependencies of {@linkcode Peers}. */
interface PeersOptions {
  readonly self: string;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly failures: FailureLog;
  /** Returns the other live balancers, as the shared store shows them. */
  readonly others: () => readonly BalancerReport[];
  /** Returns this balancer's own report, with a new sequence number. */
  readonly report: () => BalancerReport;
  /** Called with each new message of another balancer. */
  readonly onMessage: (message: PeerMessage) => void;
}

/** Another balancer, as the sender of messages sees it. */
interface Peer {
  readonly outbox: Outbox;
  sending: boolean;
  /** Whether the last message reached it; undefined before the first one. */
  reached: boolean | undefined;
}

/** Senders whose last message number is remembered. Each balancer's life has one. */
const MAX_SENDERS = 256;

/** Sends news to the other balancers, and receives theirs. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  /** The last message of each sender; the one that sent longest ago comes first. */
  readonly #received = new Map<string, number>();
  #number = 0;
  #closed = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    options.transport.listen((text) => this.#receive(text));
  }

  /** Whether the last message to a balancer reached it. */
  reaches(id: string): boolean {
    return this.#peers.get(id)?.reached ?? false;
  }

  /**
   * Sends news and this balancer's report to the other live balancers.
   *
   * @param news the news
   * @param selects whether a balancer gets them; all by default
   */
  announce(news: PeerNews = {}, selects: (one: BalancerReport) => boolean = () => true): void {
    if (this.#closed) return;
    const others = this.#options.others();
    this.#forgetExcept(others);
    for (const one of others) {
      if (!one.addresses?.length || !selects(one)) continue;
      const peer = this.#peerOf(one.id);
      peer.outbox.add(news);
      if (!peer.sending) void this.#send(one, peer);
    }
  }

  /** Sends this balancer's report to the others that no message has reached. */
  greet(): void {
    this.announce({}, ({ id }) => !this.reaches(id));
  }

  /** Ends all messages. */
  close(): void {
    this.#closed = true;
    this.#options.transport.close();
  }

  #peerOf(id: string): Peer {
    const known = this.#peers.get(id);
    if (known) return known;
    const peer = { outbox: new Outbox(), sending: false, reached: undefined };
    this.#peers.set(id, peer);
    return peer;
  }

  /** One message at a time: news that come meanwhile go together in the next one. */
  async #send({ id, addresses = [] }: BalancerReport, peer: Peer): Promise<void> {
    const { transport, failures, self, report } = this.#options;
    peer.sending = true;
    while (peer.outbox.due && !this.#closed) {
      const message: PeerMessage = {
        ...{ to: id, from: self, number: ++this.#number, report: messageReport(report()) },
        ...copyOf(peer.outbox.take()),
      };
      try {
        await transport.send({ id, addresses }, JSON.stringify(message));
        peer.reached = true;
      } catch (error) {
        // Recorded once until a message reaches it again. The store's watch and heartbeats find the
        // lost news later.
        if (peer.reached !== false) failures.record("cluster.peer", error);
        peer.reached = false;
      }
    }
    peer.sending = false;
  }

  #receive(text: string): boolean {
    const message = parsePeerMessage(text);
    const { to, from, number } = message;
    if (to !== this.#options.self) return false;
    // A copy of an earlier message; the network may also have changed the order of two.
    if (this.#closed || number <= (this.#received.get(from) ?? 0)) return true;
    this.#received.delete(from);
    this.#received.set(from, number);
    const [oldest] = this.#received.keys();
    if (this.#received.size > MAX_SENDERS && oldest !== undefined) this.#received.delete(oldest);
    this.#options.onMessage(message);
    return true;
  }

  #forgetExcept(others: readonly BalancerReport[]): void {
    if (this.#peers.size <= others.length) return;
    const live = new Set(others.map(({ id }) => id));
    for (const id of this.#peers.keys()) if (!live.has(id)) this.#peers.delete(id);
  }
}

function messageReport({ draining, addresses, ...report }: BalancerReport): PeerMessage["report"] {
  return {
    ...report,
    draining: [...draining],
    ...(addresses && { addresses: [...addresses] }),
  };
}

function copyOf({ saved, doubted, ended }: Required<PeerNews>) {
  return { saved: { ...saved }, doubted: [...doubted], ended: [...ended] };
}
