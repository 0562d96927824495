import { assertEquals } from "@std/assert";
import { ascii } from "../http1/writer.ts";
import { RequestHead } from "../http1/request_head.ts";
import { Challenges } from "./challenges.ts";

/** The answer to a request; undefined if a replica answers it. */
function answerTo(challenges: Challenges, line: string): string | undefined {
  const bytes = ascii(`${line} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  const head = new RequestHead();
  assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
  const found = challenges.find(bytes, head);
  return found && new TextDecoder().decode(found.content?.bytes);
}

Deno.test("only the token of a pending order is answered, by GET and HEAD", () => {
  const challenges = new Challenges();
  assertEquals(challenges.pending, false);
  challenges.set(new Map([["token", "token.thumbprint"]]));
  assertEquals(challenges.pending, true);
  const path = "/.well-known/acme-challenge/";
  assertEquals(answerTo(challenges, `GET ${path}token`), "token.thumbprint");
  assertEquals(answerTo(challenges, `HEAD ${path}token`), "token.thumbprint");
  assertEquals(answerTo(challenges, `GET ${path}token?x=1`), "token.thumbprint");
  assertEquals(answerTo(challenges, `GET http://a.test${path}token`), "token.thumbprint");
  for (const line of [`POST ${path}token`, `GET ${path}other`, `GET ${path}`, "GET /token"]) {
    assertEquals(answerTo(challenges, line), undefined, line);
  }
  challenges.set(new Map());
  assertEquals(challenges.pending, false);
});
