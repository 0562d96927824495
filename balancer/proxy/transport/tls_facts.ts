/**
 * Identities and demands of both sides of TLS, and facts about a connection; plain data.
 *
 * @module
 */

/** A certificate chain and its private key, as PEM text. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Which certificate a client has to present. */
export interface ClientDemand {
  /** Certificates, as PEM text, that sign those of clients. */
  readonly ca: string;
  /** Whether a client without a certificate is refused. */
  readonly required: boolean;
}

/** Identity that a server presents, and its demands on the client. */
export interface ServerIdentity extends KeyPair {
  /** Demands on the client's certificate; undefined to ask for none. */
  readonly clients?: ClientDemand | undefined;
}

/** Demands of a client on its server, and its own identity. */
export interface ServerDemand {
  /** Certificates, as PEM text, that are trusted beside those of the runtime; empty for none. */
  readonly ca?: string | undefined;
  /** Whether a server whose certificate is not valid is refused; true unless it is given. */
  readonly verify?: boolean | undefined;
  /** The client's certificate; undefined for none. */
  readonly pair?: KeyPair | undefined;
}

/** The requests of a client's first message (RFC 8446, section 4.1.2). */
export interface ClientHello {
  /** The name in the server_name extension; empty without one. */
  readonly serverName: string;
  /** The offered application protocols (RFC 7301). */
  readonly protocols: readonly string[];
}

/** Facts about an established connection. */
export interface Session {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  /** The negotiated application protocol; empty without one. */
  readonly protocol: string;
  /** Whether an earlier session was resumed. */
  readonly resumed: boolean;
}
