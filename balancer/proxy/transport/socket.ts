/**
 * Reads and writes of a connection at the least cost in the runtime.
 *
 * `Deno.TcpConn.read` keeps a set of the reads under way, in an async function of its own, so that
 * `unref` can find them. That takes a tenth of the CPU of a small request, and this program never
 * calls `unref`. The runtime's internal operations are reachable, though not by its documented
 * interface; if they differ from the form known here, the connection's own methods are used
 * instead.
 *
 * @module
 */
import type { ByteStream } from "./byte_stream.ts";

/** Reads and writes of a connection; one read and one write may be under way. */
export interface Socket {
  /**
   * Reads the available bytes, or waits for the first.
   *
   * @param into is filled from its beginning; not empty
   * @returns number of bytes; 0 at the end of the peer's side
   */
  read(into: Uint8Array): Promise<number>;
  /**
   * Writes as much as there is room for.
   *
   * @param bytes must not change before the write ends
   * @returns number of bytes written
   */
  write(bytes: Uint8Array): Promise<number>;
}

/** The runtime's internal read and write operations, as far as they are used here. */
interface RuntimeCore {
  readonly internalRidSymbol: symbol;
  read(resource: number, into: Uint8Array): Promise<number>;
  write(resource: number, bytes: Uint8Array): Promise<number>;
}

/**
 * Returns the socket of a connection. Closing the connection ends operations under way.
 *
 * @param connection the connection
 * @param core the runtime's operations; undefined for the documented methods
 */
export function socketOf(
  connection: ByteStream,
  core: RuntimeCore | undefined = RUNTIME_CORE,
): Socket {
  const resource = core && Reflect.get(connection, core.internalRidSymbol);
  if (core === undefined || typeof resource !== "number") return new DocumentedSocket(connection);
  return new DirectSocket(core, resource);
}

class DirectSocket implements Socket {
  readonly #core: RuntimeCore;
  readonly #resource: number;

  constructor(core: RuntimeCore, resource: number) {
    this.#core = core;
    this.#resource = resource;
  }

  read(into: Uint8Array): Promise<number> {
    return this.#core.read(this.#resource, into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#core.write(this.#resource, bytes);
  }
}

class DocumentedSocket implements Socket {
  readonly #connection: ByteStream;

  constructor(connection: ByteStream) {
    this.#connection = connection;
  }

  async read(into: Uint8Array): Promise<number> {
    return await this.#connection.read(into) ?? 0;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes);
  }
}

const RUNTIME_CORE = runtimeCore();

function runtimeCore(): RuntimeCore | undefined {
  const symbol: unknown = Reflect.get(Deno, "internal");
  if (typeof symbol !== "symbol") return undefined;
  const core: unknown = Reflect.get(Deno, symbol)?.core;
  return isRuntimeCore(core) ? core : undefined;
}

function isRuntimeCore(core: unknown): core is RuntimeCore {
  if (typeof core !== "object" || core === null) return false;
  return typeof Reflect.get(core, "read") === "function" &&
    typeof Reflect.get(core, "write") === "function" &&
    typeof Reflect.get(core, "internalRidSymbol") === "symbol";
}
