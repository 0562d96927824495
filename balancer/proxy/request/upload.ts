/**
 * The part of a request's body that did not arrive with its head: sent to the replica as it
 * arrives, and read and dropped once the replica takes no more.
 *
 * @module
 */
import type { LingerSettings } from "../settings.ts";
import type { Deadlines, Expiring } from "../transport/deadlines.ts";
import { FAULTS } from "../http1/fault.ts";
import { DropBudget } from "../transport/linger.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import { RefusedError } from "./body.ts";
import type { Client } from "./client.ts";
import type { ProxyRequest } from "./request.ts";
import { Disconnected, type Reader } from "../transport/connection_reader.ts";

/** Ends the wait for a body that is no longer needed. */
class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Services shared by the uploads of one worker. */
export interface UploadServices {
  readonly deadlines: Deadlines;
  readonly requestDeadlines: RequestDeadlines;
  /** Bounds on reading a body that no replica takes. */
  readonly linger: LingerSettings;
  /** Records an error caused by neither client nor replica. */
  recordFailure(action: string, error: unknown): void;
}

/** One upload. It holds the reader of the client's connection until it is done. */
export class Upload implements Expiring {
  deadlineAt = Infinity;
  /** Resolves when the upload reads no more; never rejects. */
  readonly done: Promise<void>;
  readonly #services: UploadServices;
  readonly #client: Client;
  readonly #request: ProxyRequest;
  readonly #reader: Reader;
  /** The connection that takes the body; undefined once the body is dropped. */
  #to: UpstreamConnection | undefined;
  /** Set while a write to the replica is under way. */
  #writing = false;
  /** Set once the response is over. */
  #trailing = false;
  /** Bounds the reading of dropped bytes. */
  #budget: DropBudget | undefined;
  #running = true;
  #stopped = false;
  #complete = false;

  /**
   * Begins the upload. The request cannot be repeated from here on: its body goes to one replica.
   *
   * @param services services shared by the worker's uploads
   * @param client the client whose body it is
   * @param request the request that it belongs to
   * @param to the connection that carries the request
   */
  constructor(
    services: UploadServices,
    client: Client,
    request: ProxyRequest,
    to: UpstreamConnection,
  ) {
    this.#services = services;
    this.#client = client;
    this.#request = request;
    this.#to = to;
    this.#reader = client.transport.reader();
    request.sendingBody = true;
    request.bodyIntact = false;
    this.done = this.#run();
  }

  /** Whether the upload still reads. */
  get running(): boolean {
    return this.#running;
  }

  /** Whether the whole body was sent to the replica. */
  get sent(): boolean {
    return this.#complete && this.#to !== undefined;
  }

  /** Whether the client's body was read to its end, sent or dropped. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * The response is over and the replica's connection can be kept: the rest of the body is still
   * sent there.
   *
   * @returns resolves when the upload is done
   */
  finish(): Promise<void> {
    this.#trailing = true;
    return this.done;
  }

  /** The replica takes no more: the rest of the body is read and dropped, within bounds. */
  abandon(): void {
    if (!this.#to || !this.#running) return;
    this.#to = undefined;
    const { deadlines, linger } = this.#services;
    this.#budget = new DropBudget(deadlines, linger);
    this.deadlineAt = this.#budget.deadline();
  }

  /** Ends the upload. The rest of the body stays unread. @returns {@linkcode done} */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#reader.interrupt(new Stopped());
    return this.done;
  }

  onDeadline(): void {
    if (this.#budget) this.stop();
    else if (this.#writing) this.#onReplicaLate();
    else this.#onClientLate();
  }

  /** A started response is relayed to its end: its client may have no more to send. */
  #onClientLate(): void {
    const to = this.#to;
    if (!this.#request.responding) {
      this.#request.bodyFault ??= new RefusedError(FAULTS.timeout);
      to?.close();
    }
    this.stop();
  }

  #onReplicaLate(): void {
    if (!this.#request.responding || this.#trailing) this.#to?.onDeadline();
    // A response that is being relayed has its own deadlines.
    else this.deadlineAt = this.#services.requestDeadlines.upload();
  }

  async #run(): Promise<void> {
    const { deadlines } = this.#services;
    const { transport } = this.#client;
    deadlines.add(this);
    try {
      await this.#pass();
      this.#complete = true;
      this.#sent();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#running = false;
      deadlines.delete(this);
      this.#reader[Symbol.dispose]();
    }
    if (!this.#complete) return;
    transport.shrinkBuffer();
    this.#client.watch();
  }

  async #pass(): Promise<void> {
    const { body, transport } = this.#client;
    while (!body.complete) {
      if (this.#stopped) throw new Stopped();
      if (transport.unread === 0) await this.#read();
      const { bytes, start } = transport;
      const end = body.take(bytes, start, transport.end);
      if (this.#to) await this.#write(this.#to, bytes.subarray(start, end));
      else if (!this.#budget?.drop(end - start)) throw new Stopped();
      transport.start = end;
    }
  }

  async #read(): Promise<void> {
    const { transport } = this.#client;
    transport.makeRoom();
    this.deadlineAt = this.#budget?.deadline() ?? this.#services.requestDeadlines.upload();
    if (!await this.#reader.read()) throw new Disconnected(transport);
  }

  async #write(to: UpstreamConnection, bytes: Uint8Array): Promise<void> {
    this.deadlineAt = this.#services.requestDeadlines.upload();
    this.#writing = true;
    try {
      await to.transport.write(bytes);
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      // The replica may have answered already, with its response being read.
      if (!this.#request.responding) this.#await(to);
      this.abandon();
    } finally {
      this.#writing = false;
    }
  }

  /** The replica has received the whole request: its response is due. */
  #sent(): void {
    if (!this.#to) return;
    this.#request.sendingBody = false;
    if (!this.#request.responding) this.#await(this.#to);
  }

  #await(from: UpstreamConnection): void {
    from.deadlineAt = this.#services.requestDeadlines.response(this.#request);
  }

  #failed(error: unknown): void {
    if (error instanceof Stopped) return;
    const to = this.#to;
    if (error instanceof RefusedError) this.#request.bodyFault = error;
    else if (!(error instanceof Disconnected)) {
      this.#services.recordFailure("proxy.upload", error);
    } // A request that ends before its body does was cancelled (RFC 9112, section 8).
    else if (to) this.#client.left();
    to?.close();
  }
}
