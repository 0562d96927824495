/**
 * A client as everything below downstream/ sees it: the source of one request at a time, and the
 * target of its response. A connection of HTTP/1.1 is one, and so is a stream of HTTP/2.
 *
 * @module
 */
import type { FailureMessage } from "../errors/error_response.ts";
import type { RequestHead } from "../http1/request_head.ts";
import type { Connection } from "../transport/connection.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { ClientPort } from "./client_port.ts";
import type { RequestBody } from "./body.ts";
import type { RequestEvents } from "./request_events.ts";
import type { Upload } from "./upload.ts";

/** Facts about the TLS of a client's connection. */
export interface ClientTls {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The server name that the client asked for; empty without one. */
  readonly serverName: string;
}

/** The source of requests, one at a time. */
export interface Client {
  /** Deadline of the client's next action, by the clock of the deadlines; `Infinity` for none. */
  deadlineAt: number;
  /** The connection to a replica that the current request uses. */
  upstream: UpstreamConnection | undefined;
  /** True while a tunnel reads the connection: the end of one side does not end it. */
  tunnelling: boolean;
  /** True while the exchange has no end of its own: a tunnel, an event stream. */
  streaming: boolean;
  /** The framing of the current request's body. */
  readonly body: RequestBody;
  /** Sends the part of the body that did not arrive with its head; undefined without such a part. */
  upload: Upload | undefined;
  /** Takes the events of the current request. */
  readonly events: RequestEvents;
  /** IP address of the connection, or of the PROXY protocol's head. */
  readonly address: string;
  /** The same address as written into `X-Forwarded-For`. */
  readonly addressBytes: Uint8Array;
  /** The port through which it came. */
  readonly port: ClientPort;
  /** Field lines that its requests get, each with its end. */
  readonly requestFields: Uint8Array;
  /** Whether its `X-Forwarded-*` fields are believed. */
  readonly trusted: boolean;
  /** IP address of the client; behind trusted proxies the one that the current request names. */
  readonly origin: string;
  /** The client's connection: source of its requests, target of the responses. */
  readonly transport: Connection;
  /** Whether its requests come by HTTP/2. */
  readonly http2: boolean;
  /** Id of the current request's stream of HTTP/2; 0 for HTTP/1.1. */
  readonly streamId: number;
  /** Facts about the connection's TLS; undefined without TLS. */
  readonly tls: ClientTls | undefined;
  /** Whether the connection broke, or the client ended its side in the middle of a request. */
  readonly gone: boolean;
  /** Whether the client has ended its side. It may still read. */
  readonly ended: boolean;
  /** Whether the current request was read to its end. */
  readonly read: boolean;
  /** Whether the current request was sent to the replica to its end. */
  readonly sent: boolean;
  /** Takes the origin of the current request from its head. */
  identify(head: RequestHead): void;
  /**
   * Takes an unused connection to an instance.
   *
   * @param pool the instance's connections
   * @param recent only one that was used a moment ago, for a request that cannot be repeated
   */
  takeIdle(pool: InstancePool, recent: boolean): UpstreamConnection | undefined;
  /** Returns a connection after a complete exchange. */
  giveBack(upstream: UpstreamConnection): void;
  /** A request is being answered: no deadline runs against the client. */
  work(): void;
  /** A request was answered: the next one may come. */
  rest(): void;
  /** Reads ahead, so that the client's end shows while a replica works for it. */
  watch(): void;
  /** The request waits. @param leave ends the wait when the client leaves */
  hold(leave: () => void): void;
  /** The wait is over. */
  unhold(): void;
  /** More bytes arrived than were asked for. */
  more(): void;
  /** The client has ended its side. */
  end(): void;
  /** The connection broke, or the client ended its side in the middle of a request. */
  left(): void;
  /** Ends the connection at once. */
  close(): void;
  /** Answers with an error of the balancer. */
  fail(failure: FailureMessage): Promise<void>;
  /** The same for a client that may still be sending; its connection is closed afterwards. */
  turnAway(failure: FailureMessage): Promise<void>;
}
