import { assertEquals } from "@std/assert";
import { entryOf } from "./entry.ts";

const HTTP2 = { cleartext: false, streams: 100, streamWindow: 0, connectionWindow: 0 };
const TLS = {
  listen: { hostname: "0.0.0.0", port: 443 },
  strictSni: false,
  handshakes: 4,
  hsts: "",
  redirectPort: undefined,
};
const CREDENTIALS = {
  certificates: [
    { cert: "", key: "", names: ["a.example"] },
    { cert: "", key: "", names: ["b.example", "*.b.example"] },
  ],
  clientCa: undefined,
  awaited: ["new.example"],
};

function tlsFor(host: string, strictSni = false) {
  const { tls } = entryOf(host, { http2: HTTP2, tls: { ...TLS, strictSni } }, CREDENTIALS);
  return [tls?.serverName, tls?.match, tls?.certificate?.[0]];
}

Deno.test("an explanation has the certificate that the host gets", () => {
  assertEquals(tlsFor("a.example:443"), ["a.example", "name", "a.example"]);
  assertEquals(tlsFor("x.B.example"), ["x.B.example", "name", "b.example"]);
  assertEquals(tlsFor("x.y.b.example"), ["x.y.b.example", "default", "a.example"]);
  assertEquals(tlsFor("10.0.0.1:443"), ["", "default", "a.example"]);
  assertEquals(tlsFor("[::1]:443"), ["", "default", "a.example"]);
  assertEquals(tlsFor("c.example", true), ["c.example", "refused", undefined]);
  assertEquals(tlsFor("new.example"), ["new.example", "refused", undefined]);
});

Deno.test("an explanation has the protocols, with TLS and without, and the streams", () => {
  const plain = entryOf("a", { http2: { ...HTTP2, cleartext: true } }, CREDENTIALS);
  assertEquals(plain, { protocols: ["http/1.1", "h2"], streams: 100, tls: null });
  const secure = entryOf("a", { http2: HTTP2, tls: TLS }, CREDENTIALS);
  assertEquals(secure.protocols, ["http/1.1"]);
  assertEquals([secure.tls?.versions, secure.tls?.protocols], [["1.2", "1.3"], ["h2", "http/1.1"]]);
});
