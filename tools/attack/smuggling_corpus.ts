/**
 * Messages that two parsers may read differently: lengths, codings, folds, line ends and chunk
 * sizes, in forms that real servers have accepted, combined and damaged at random.
 *
 * @module
 */
import { Mutator } from "../../balancer/proxy/http1/fuzz/fuzz_mutator.ts";
import { Random } from "../../balancer/proxy/http1/fuzz/fuzz_random.ts";
import { bytesOf, textOf } from "../../tests/harness/raw/message.ts";

/** LEN stands for the length of the body. */
const LENGTHS = [
  ...["Content-Length: LEN", "Content-Length:LEN", "content-length: LEN", "Content-Length: 0"],
  ...["Content-Length: +LEN", "Content-Length: 0LEN", "Content-Length: 0xLEN"],
  ...["Content-Length: LEN, LEN", "Content-Length: LEN,0", "Content-Length: LEN LEN"],
  ...["Content-Length : LEN", "Content-Length\t: LEN", " Content-Length: LEN"],
  ...["Content-Length:\r\n LEN", "Content-Length: \x0bLEN", "Content-Length: LEN\x0c"],
  ...["Content-Length: LEN\r\nContent-Length: 0", "Content-Length: 0\r\nContent-Length: LEN"],
  ...["Content_Length: LEN", "Content.Length: LEN", "X-A: b\nContent-Length: LEN"],
  ...["X-A: b\rContent-Length: LEN", "Content-Length: LEN.0", "Content-Length: LENe0"],
  ...["Content-Length:", "Content-Length: -1", "Content-Length: 18446744073709551616"],
  ...['Content-Length: "LEN"', "Content-Length: LEN;", "Content-Length: 1_0"],
];

const CODINGS = [
  ...["Transfer-Encoding: chunked", "transfer-encoding:chunked", "Transfer-Encoding: CHUNKED"],
  ...["Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", " Transfer-Encoding: chunked"],
  ...["Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \x0bchunked"],
  ...["Transfer-Encoding: chunked\x0c", "Transfer-Encoding: xchunked"],
  ...["Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked"],
  ...["Transfer-Encoding: identity", "Transfer-Encoding: gzip, chunked"],
  ...["Transfer-Encoding: chunked;q=1", 'Transfer-Encoding: "chunked"'],
  ...["Transfer-Encoding: chunked\r\nTransfer-Encoding: x"],
  ...["Transfer-Encoding: x\r\nTransfer-Encoding: chunked"],
  ...["X-A: b\nTransfer-Encoding: chunked", "X-A: b\rTransfer-Encoding: chunked"],
  ...["Transfer_Encoding: chunked", "Transfer-Encoding:", "Transfer-Encoding: chunked,"],
  ...["Transfer-Encoding: c\thunked", "Transfer-Encoding: chunked\0", "TE: chunked"],
  ...["Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked"],
  ...["Connection: Content-Length\r\nContent-Length: LEN"],
];

/** HEX stands for the size of the chunk. */
const SIZES = [
  ...["HEX", "HEX", "0HEX", "000000000000000HEX", "HEX;a", "HEX;a=b", 'HEX;a="\r\n"'],
  ...["HEX ", " HEX", "\tHEX", "+HEX", "-HEX", "0xHEX", "HEX;", "HEX,", "HEX\n", "HEX\r"],
  ...["HEX;a\n", "HEX;a\nGET /x HTTP/1.1", "1000000000000000HEX", "HEX.0", "HEX_0", "HEX\0", ""],
];

/** Ends of a chunk's line and of its data. */
const CHUNK_ENDS = [...Array(15).fill("\r\n"), "\n", "\r", "\r\r\n", "", "xx"];
const LAST_CHUNKS = [
  "0\r\n\r\n",
  "0\r\n\r\n",
  "0\r\n\r\n",
  "0\n\n",
  "00\r\n\r\n",
  "0;a\r\n\r\n",
  "",
];
const LINE_ENDS = ["\n", "\r", "\r\r\n", "\n\r", "\r\n "];
const STARTS = [
  ...["POST PATH HTTP/1.1", "POST PATH HTTP/1.1", "GET PATH HTTP/1.1", "PUT PATH HTTP/1.1"],
  ...["POST PATH HTTP/1.0", "POST  PATH HTTP/1.1", "POST PATH HTTP/1.1 ", "POST\tPATH HTTP/1.1"],
];

/** The targets of a message; no other message has them. */
interface Targets {
  /** The request of the client. */
  readonly outer: string;
  /** The request that is hidden in the body. */
  readonly hidden: string;
}

/** A source of messages. The same seed gives the same messages. */
export class SmugglingCorpus {
  readonly #random: Random;
  readonly #mutator: Mutator;

  /** @param seed the seed of the random numbers */
  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#mutator = new Mutator(this.#random);
  }

  /** @returns the bytes of the next message, one character each */
  next({ outer, hidden }: Targets): string {
    const inner = `GET ${hidden} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const message = this.#message(outer, inner);
    if (!this.#random.once(5)) return message;
    this.#mutator.load(bytesOf(message), 3);
    return textOf(this.#mutator.bytes.subarray(0, this.#mutator.length));
  }

  #message(path: string, inner: string): string {
    const random = this.#random;
    const fields = ["Host: a"];
    const chunked = random.once(2);
    const framings = random.once(3) ? 2 : 1;
    for (let n = 0; n < framings; n++) {
      const forms = chunked === (n === 0) ? CODINGS : LENGTHS;
      // Half of the messages have an exact framing, so that the next message is read.
      const line = random.once(2) ? forms[0]! : random.pick(forms);
      fields.splice(random.below(fields.length + 1), 0, line);
    }
    const body = this.#body(inner, chunked);
    // Sometimes the length counts a part of the body, and the rest is a second request.
    const counted = random.once(3) ? Math.max(0, body.length - inner.length) : body.length;
    const head = [
      (random.once(4) ? random.pick(STARTS) : STARTS[0]!).replace("PATH", path),
      ...fields,
      "",
      "",
    ];
    return this.#joined(head).replaceAll("LEN", String(counted)) + body;
  }

  #joined(lines: readonly string[]): string {
    const odd = this.#random.once(6) ? this.#random.below(lines.length - 1) : -1;
    const end = (at: number) => at === odd ? this.#random.pick(LINE_ENDS) : "\r\n";
    return lines.slice(0, -1).map((line, at) => line + end(at)).join("");
  }

  #body(inner: string, chunked: boolean): string {
    const random = this.#random;
    if (!chunked) return random.once(2) ? `0\r\n\r\n${inner}` : inner;
    const data = random.once(2) ? inner : "x".repeat(1 + random.below(20));
    const form = random.once(2) ? SIZES[0]! : random.pick(SIZES);
    const size = form.replace("HEX", data.length.toString(16));
    const chunk = size + random.pick(CHUNK_ENDS) + data + random.pick(CHUNK_ENDS);
    return chunk + random.pick(LAST_CHUNKS) + (random.once(2) ? inner : "");
  }
}
