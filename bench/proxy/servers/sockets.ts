/**
 * Sockets of Linux without a runtime's event loop between: `epoll`, `read` and `write` of the C
 * library. A load generator that measures tails must have none of its own.
 *
 * @module
 */
const LIBRARY = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_pwait2: { parameters: ["i32", "buffer", "i32", "buffer", "pointer"], result: "i32" },
});
const libc = LIBRARY.symbols;

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_NOSIGNAL = 0x4000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

/** `struct epoll_event` has no padding on x86-64, and has some elsewhere; in words of four bytes. */
const [EVENT_WORDS, DATA_WORD] = Deno.build.arch === "x86_64" ? [3, 1] : [4, 2];
const MOST_EVENTS = 256;

/**
 * Connects to a port of 127.0.0.1.
 *
 * @returns the descriptor; its calls block
 */
export function connect(port: number): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  address.set([127, 0, 0, 1], 4);
  if (fd < 0 || libc.connect(fd, address, address.length) !== 0) {
    throw new Error(`cannot connect to port ${port}`);
  }
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, new Uint8Array([1, 0, 0, 0]), 4);
  return fd;
}

/** Bytes read, 0 at the end of the stream, -1 for an error. */
export function read(fd: number, into: Uint8Array<ArrayBuffer>): number {
  return Number(libc.read(fd, into, BigInt(into.length)));
}

/** Whether all bytes were sent. */
export function send(fd: number, bytes: Uint8Array<ArrayBuffer>): boolean {
  return Number(libc.send(fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL)) === bytes.length;
}

/** Closes a descriptor. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Waits for descriptors that can be read. */
export class Epoll {
  readonly #fd = libc.epoll_create1(0);
  readonly #events = new Uint32Array(EVENT_WORDS * MOST_EVENTS);
  readonly #timeout = new BigInt64Array(2);

  /** Adds a descriptor under a number. */
  add(fd: number, number: number): void {
    const event = new Uint32Array(EVENT_WORDS);
    event[0] = EPOLLIN;
    event[DATA_WORD] = number;
    if (libc.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, event) !== 0) {
      throw new Error("epoll_ctl failed");
    }
  }

  /** Waits at most some milliseconds, parts of them included. @returns the number of events */
  wait(ms: number): number {
    this.#timeout[1] = BigInt(Math.max(0, Math.min(999_999_999, Math.floor(ms * 1e6))));
    return libc.epoll_pwait2(this.#fd, this.#events, MOST_EVENTS, this.#timeout, null);
  }

  /** The number of the descriptor of an event. */
  numberAt(event: number): number {
    return this.#events[EVENT_WORDS * event + DATA_WORD] ?? -1;
  }
}
