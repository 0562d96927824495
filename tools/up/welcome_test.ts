import { assert, assertEquals } from "@std/assert";
import { welcome } from "./welcome.ts";

const PLACE = {
  service: "http://127.0.0.1:5000",
  api: "http://127.0.0.1:5001",
  why: "engine: processes",
  publicApi: "",
};

Deno.test("welcome: the page's address carries the token in its fragment", () => {
  const token = { text: "m4de", file: ".run/state/fleet.json.admin-token" };
  const text = welcome({ ...PLACE, token });
  assert(text.includes("\npage: http://127.0.0.1:5001/_lb/#token=m4de\n"), text);
  assert(text.includes("\nthe admin token is in .run/state/fleet.json.admin-token\n"), text);
  assertEquals(text.match(/m4de/g)?.length, 1);
  assert(welcome(PLACE).includes("\npage: http://127.0.0.1:5001/_lb/\n"));
});

Deno.test("welcome: the suggested commands use the address that answers them", () => {
  const lines = (place: typeof PLACE) =>
    welcome(place).split("\n").filter((line) => line.startsWith("  curl"))
      .map((line) => /\S+\/(?:home|rep|add|rm|_lb\/status)\b/.exec(line)?.[0]);
  const [service, api] = [PLACE.service, PLACE.api];
  assertEquals(lines(PLACE), [
    ...["/home", "/rep", "/add", "/rm"].map((path) => service + path),
    `${api}/_lb/status`,
  ]);
  assertEquals(lines({ ...PLACE, publicApi: "none" })[1], `${api}/rep`);
  const unix = welcome({ ...PLACE, api: "unix:/run/lb.sock" });
  assert(unix.includes("curl --unix-socket /run/lb.sock http://ringkeeper/_lb/status"), unix);
});
