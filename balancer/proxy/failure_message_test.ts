import { assertEquals } from "@std/assert";
import { failureBytes, type FailureMessage } from "./failure_message.ts";

function text(failure: FailureMessage): string {
  return String.fromCharCode(...failureBytes(failure));
}

Deno.test("an error is a complete response", () => {
  const failure = { status: 503, message: "no replica", close: true, withBody: true };
  assertEquals(
    text({ ...failure, retryAfterS: 1, requestId: "r1" }),
    "HTTP/1.1 503 Service Unavailable\r\n" +
      "Content-Type: application/json\r\n" +
      "Content-Length: 51\r\n" +
      "X-Request-Id: r1\r\n" +
      "Retry-After: 1\r\n" +
      "Connection: close\r\n\r\n" +
      '{"message":"<Error> no replica","status":"failure"}',
  );
});

Deno.test("to HEAD it is the same head alone", () => {
  const failure = { status: 502, message: "x", close: false };
  const whole = text({ ...failure, withBody: true });
  assertEquals(
    text({ ...failure, withBody: false }),
    whole.slice(0, whole.indexOf("\r\n\r\n") + 4),
  );
  assertEquals(whole.includes("Connection"), false);
});

Deno.test("its length counts bytes", () => {
  const response = text({ status: 400, message: "é", close: false, withBody: true });
  const [head, body] = response.split("\r\n\r\n");
  assertEquals(Number(/Content-Length: (\d+)/.exec(head ?? "")?.[1]), body?.length);
});

Deno.test("an id is returned byte for byte", () => {
  const failure = { status: 502, message: "x", close: false, withBody: true };
  const response = text({ ...failure, requestId: "caf\xe9" });
  assertEquals(response.includes("X-Request-Id: caf\xe9\r\n"), true);
});
