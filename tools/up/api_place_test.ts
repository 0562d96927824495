import { assertEquals } from "@std/assert";
import { apiEntrance, isPrivate } from "./api_place.ts";

function entrance(env: Record<string, string>, service = "http://127.0.0.1:5000", taken = [0]) {
  const isFree = (_: string, port: number) => !taken.includes(port);
  return apiEntrance((name) => env[name], service, isFree, () => 40001);
}

Deno.test("api place: the port above the public one, or a free one if that is taken", () => {
  const next = { listen: "127.0.0.1:5001", url: "http://127.0.0.1:5001" };
  const free = { listen: "127.0.0.1:40001", url: "http://127.0.0.1:40001" };
  assertEquals(entrance({}), next);
  assertEquals(entrance({ LB_PUBLIC_API: "none" }), next);
  assertEquals(entrance({}, "http://127.0.0.1:5000", [5001]), free);
  assertEquals(entrance({}, "http://127.0.0.1:65535"), free);
  assertEquals(entrance({}, "http://10.0.0.7:5000"), next);
  assertEquals(entrance({}, "http://[::1]:5000").listen, "[::1]:5001");
});

Deno.test("api place: the settings choose another port, or none", () => {
  assertEquals(entrance({ LB_PUBLIC_API: "all" }), { listen: "", url: "http://127.0.0.1:5000" });
  const named = { LB_PUBLIC_API: "all", LB_ADMIN_LISTEN: "0.0.0.0:7000" };
  assertEquals(entrance(named), { listen: "0.0.0.0:7000", url: "http://127.0.0.1:7000" });
  const unix = { LB_ADMIN_LISTEN: "unix:.run/state/a.sock" };
  assertEquals(entrance(unix), { listen: unix.LB_ADMIN_LISTEN, url: unix.LB_ADMIN_LISTEN });
});

Deno.test("api place: an address that other machines reach is not private", () => {
  for (const listen of ["", "127.0.0.1:5001", "[::1]:5001", "localhost:1", "unix:/a"]) {
    assertEquals(isPrivate(listen), true, listen);
  }
  for (const listen of ["0.0.0.0:5001", "[::]:5001", "10.0.0.7:5001", "lb:5001"]) {
    assertEquals(isPrivate(listen), false, listen);
  }
});
