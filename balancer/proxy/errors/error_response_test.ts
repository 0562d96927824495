import { assertEquals } from "@std/assert";
import { failureBytes, type FailureMessage } from "./error_response.ts";
import { DateLine } from "../http1/date_line.ts";

function text(failure: FailureMessage): string {
  return String.fromCharCode(...failureBytes(failure, new DateLine(() => 784_111_777_000)));
}

Deno.test("an error is a complete response", () => {
  const failure = { status: 503, message: "no replica", close: true, withBody: true };
  assertEquals(
    text({ ...failure, retryAfterS: 1, requestId: "r1" }),
    "HTTP/1.1 503 Service Unavailable\r\n" +
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
      "Content-Type: application/json\r\n" +
      "Content-Length: 51\r\n" +
      "X-Request-Id: r1\r\n" +
      "Retry-After: 1\r\n" +
      "Connection: close\r\n\r\n" +
      '{"message":"<Error> no replica","status":"failure"}',
  );
});

Deno.test("an answer to HEAD has the same head and no body", () => {
  const failure = { status: 502, message: "x", close: false };
  const whole = text({ ...failure, withBody: true });
  assertEquals(
    text({ ...failure, withBody: false }),
    whole.slice(0, whole.indexOf("\r\n\r\n") + 4),
  );
  assertEquals(whole.includes("Connection"), false);
});

Deno.test("additional fields and own content replace those of an error", () => {
  const failure = {
    status: 200,
    message: "x",
    close: false,
    withBody: true,
    fields: ["Allow: GET"],
  };
  const content = { type: "message/http", bytes: new TextEncoder().encode("ok") };
  const head = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  assertEquals(
    text({ ...failure, content }),
    `${head}Content-Type: message/http\r\nContent-Length: 2\r\nAllow: GET\r\n\r\nok`,
  );
  assertEquals(
    text({ ...failure, content: { type: undefined, bytes: new Uint8Array(0) } }),
    `${head}Content-Length: 0\r\nAllow: GET\r\n\r\n`,
  );
});

Deno.test("Content-Length counts bytes", () => {
  const response = text({ status: 400, message: "é", close: false, withBody: true });
  const [head, body] = response.split("\r\n\r\n");
  assertEquals(Number(/Content-Length: (\d+)/.exec(head ?? "")?.[1]), body?.length);
});

Deno.test("an id is returned byte for byte", () => {
  const failure = { status: 502, message: "x", close: false, withBody: true };
  const response = text({ ...failure, requestId: "caf\xe9" });
  assertEquals(response.includes("X-Request-Id: caf\xe9\r\n"), true);
});
