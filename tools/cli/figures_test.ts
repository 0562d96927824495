import { assertEquals } from "@std/assert";
import { age, milliseconds, plain, rate, share } from "./figures.ts";

Deno.test("figures: shares have one decimal, and an unknown value is a dash", () => {
  assertEquals([share(1 / 3), share(1), share(undefined), share(0 / 0)], [
    "33.3 %",
    "100.0 %",
    "–",
    "–",
  ]);
});

Deno.test("figures: rates have a decimal while it matters", () => {
  const rates = [0, 0.04, 3.25, 9.96, 812.4, 99_999, 128_400].map(rate);
  assertEquals(rates, ["0", "0.0", "3.3", "10", "812", "99999", "128k"]);
});

Deno.test("figures: short times go from milliseconds to seconds", () => {
  const times = [0.84, 9.96, 64.4, 999.4, 999.6, 1234, null].map(milliseconds);
  assertEquals(times, ["0.8 ms", "10 ms", "64 ms", "999 ms", "1.0 s", "1.2 s", "–"]);
});

Deno.test("figures: ages use the unit in which they are small numbers", () => {
  const ages = [-5, 1999, 119_999, 120_000, 7_199_999, 7_200_000, 200_000_000].map(age);
  assertEquals(ages, ["0 s", "1 s", "119 s", "2 min", "119 min", "2 h", "2 d"]);
});

Deno.test("figures: replicas' output cannot control the terminal", () => {
  assertEquals(plain("one\x1b[2J\x1b]0;title\x07two\r\nthree\x9b\t"), "onetwo three");
});
