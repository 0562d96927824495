import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { countById } from "../harness/load.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const SHAPE = (names: string[]) => ({
  message: { N: names.length, replicas: names },
  status: "successful",
});
const FAILURE = (message: string) => ({ message: `<Error> ${message}`, status: "failure" });
const NAME_RULE =
  "each must be 1 to 63 letters, digits, _ or -, beginning with a letter or a digit " +
  "and not ending with -";

test("three replicas answer, can be added to and removed from", async (t) => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });

  await t.step("GET /rep names them", async () => {
    assertEquals(await balancer.call("GET", "/rep"), {
      status: 200,
      body: SHAPE(["Server1", "Server2", "Server3"]),
    });
  });

  await t.step("GET /home is answered by one of them", async () => {
    const { status, body } = await balancer.call("GET", "/home");
    assertEquals(status, 200);
    assertMatch(
      JSON.stringify(body),
      /^{"message":"Hello from Server: [123]","status":"successful"}$/,
    );
  });

  await t.step(
    "a path that no replica has is answered by a replica, not by the balancer",
    async () => {
      const response = await balancer.fetch("/nowhere");
      assertEquals(response.status, 404);
      assertEquals(response.headers.get("via"), "1.1 ringkeeper");
      await response.body?.cancel();
    },
  );

  await t.step("the same id always meets the same replica", async () => {
    const ask = async () =>
      await (await balancer.fetch("/home", { headers: { "x-request-id": "77" } })).text();
    assertEquals(new Set([await ask(), await ask(), await ask()]).size, 1);
  });

  await t.step("ten thousand ids spread within half a percentage point of a third", async () => {
    const counts = await countById(`${balancer.url}/home`, 10_000, 32);
    assertEquals(counts.size, 3);
    for (const [message, count] of counts) {
      assert(Math.abs(count / 10_000 - 1 / 3) <= 0.005, `${message}: ${count}`);
    }
  });

  await t.step("POST /add brings named and numbered replicas into the ring", async () => {
    assertEquals(await balancer.call("POST", "/add", { n: 2, hostnames: ["S4"] }), {
      status: 200,
      body: SHAPE(["Server1", "Server2", "Server3", "S4", "Server4"]),
    });
    assertEquals((await balancer.status()).ready, 5);
  });

  await t.step("DELETE /rm takes the named and then the newest away", async () => {
    assertEquals(await balancer.call("DELETE", "/rm", { n: 2, hostnames: ["Server1"] }), {
      status: 200,
      body: SHAPE(["Server2", "Server3", "S4"]),
    });
  });

  await t.step(
    "what is wrong is refused by name, bound and value, and nothing changes",
    async () => {
      const before = await balancer.status();
      const table: [
        method: string,
        path: string,
        body: unknown,
        status: number,
        message: string,
        detail?: string,
      ][] = [
        ["POST", "/add", { n: -1 }, 400, "n: must be a whole number from 1; got -1"],
        ["POST", "/add", { n: 0 }, 400, "n: must be a whole number from 1; got 0"],
        ["POST", "/add", { n: "2" }, 400, 'n: must be a whole number from 1; got "2"'],
        ["POST", "/add", { n: 1.5 }, 400, "n: must be a whole number from 1; got 1.5"],
        [
          "POST",
          "/add",
          { n: 1e9 },
          400,
          "n: 3 replicas and 1000000000 more would be 1000000003; the limit is 64",
        ],
        [
          "POST",
          "/add",
          { n: 1, hostnames: ["a", "b"] },
          400,
          "Length of hostname list is more than newly added instances",
          "hostnames: must be at most n names, which is 1; got 2",
        ],
        [
          "DELETE",
          "/rm",
          { n: 1, hostnames: ["Server1", "Server2"] },
          400,
          "Length of hostname list is more than removable instances",
          "hostnames: must be at most n names, which is 1; got 2",
        ],
        ["POST", "/add", { n: 1, hostnames: ["a b"] }, 400, `hostnames: ${NAME_RULE}; got "a b"`],
        ["POST", "/add", { n: 1, hostnames: ["a/b"] }, 400, `hostnames: ${NAME_RULE}; got "a/b"`],
        [
          "POST",
          "/add",
          { n: 1, hostnames: ["x".repeat(300)] },
          400,
          `hostnames: ${NAME_RULE}; got "${"x".repeat(79)}…`,
        ],
        ["POST", "/add", { n: 1, hostnames: ["S4"] }, 409, "hostnames: S4 is in the ring already"],
        ["POST", "/add", { n: 2, hostnames: ["a", "a"] }, 409, "hostnames: a is named twice"],
        ["DELETE", "/rm", { n: 4 }, 400, "n: must be at most N, which is 3; got 4"],
        ["DELETE", "/rm", { n: 1, hostnames: ["S9"] }, 404, "hostnames: no replica is called S9"],
        ["DELETE", "/rm", { n: 2, hostnames: ["S4", "S4"] }, 409, "hostnames: S4 is named twice"],
        [
          "POST",
          "/add",
          "x".repeat(70_000),
          413,
          "body: must be at most 65536 bytes",
        ],
        [
          "GET",
          "/_lb/nothing",
          undefined,
          404,
          "there is no GET /_lb/nothing; there are GET /rep, GET /_lb/status, GET /_lb/healthz, GET /_lb/readyz, GET /_lb/ring, " +
          "GET /_lb/explain, GET /_lb/metrics, GET /_lb/load, GET /_lb/history, GET /_lb/incidents, GET /_lb/events, GET /_lb/upstreams, GET /_lb/maintenance, GET /_lb/machines, GET /_lb/log, GET /_lb/settings, POST /add, DELETE /rm, " +
          "PATCH /_lb/replicas/NAME, PATCH /_lb/machines/NAME, PUT /_lb/upstreams, PATCH /_lb/ring, POST /_lb/plan, POST /_lb/apply, " +
          "PUT /_lb/maintenance, DELETE /_lb/maintenance, POST /_lb/deploy, POST /_lb/drill, PATCH /_lb/log, POST /_lb/reload, POST /_lb/prove, and GET /_lb/docs describes them",
        ],
      ];
      for (const [method, path, body, status, message, detail] of table) {
        const failure = { ...FAILURE(message), ...(detail === undefined ? {} : { detail }) };
        assertEquals(await balancer.call(method, path, body), { status, body: failure });
      }
      const broken = await balancer.call("POST", "/add", '{"n":');
      assertEquals(broken.status, 400);
      assertMatch(JSON.stringify(broken.body), /<Error> body: must be JSON such as /);
      const after = await balancer.status();
      assertEquals([after.version, after.replicas], [before.version, before.replicas]);
    },
  );

  await t.step("a page of another site is refused", async () => {
    const response = await balancer.fetch("/add", {
      method: "POST",
      body: '{"n":1}',
      headers: { origin: "https://evil.example" },
    });
    assertEquals([response.status, await response.json()], [
      403,
      FAILURE("a page of another site may not change the fleet"),
    ]);
  });

  await t.step("without any replica the answer is 503 with Retry-After", async () => {
    assertEquals((await balancer.call("DELETE", "/rm", { n: 3 })).body, SHAPE([]));
    const response = await balancer.fetch("/home");
    assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
    assertEquals(await response.json(), FAILURE("no replica is ready; try again"));
    assertEquals((await balancer.call("GET", "/_lb/healthz")).status, 200);
  });
});

test("a balancer that other hosts can reach requires the token", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_HOST: "0.0.0.0",
    LB_ADMIN_TOKEN: "s3cret",
  });
  const add = async (headers: Record<string, string>) => {
    const response = await balancer.fetch("/add", { method: "POST", body: '{"n":0}', headers });
    return [response.status, (await response.json()).message];
  };
  assertEquals(await add({}), [
    401,
    "<Error> this call wants the header Authorization: Bearer <LB_ADMIN_TOKEN>",
  ]);
  assertEquals(await add({ authorization: "Bearer wrong" }), [
    401,
    "<Error> the bearer token is not LB_ADMIN_TOKEN",
  ]);
  assertEquals((await add({ authorization: "Bearer s3cret" }))[0], 400);
});

test("a balancer without a token that other hosts can reach refuses changes, unless it is open", async () => {
  const env = { LB_ENGINE: "process", LB_REPLICAS: "1", LB_HOST: "0.0.0.0" };
  const answer = async (more: Record<string, string>) => {
    await using balancer = await Balancer.ready({ ...env, ...more });
    return await balancer.call("DELETE", "/rm", { n: 0 });
  };
  assertEquals(await answer({}), {
    status: 403,
    body: FAILURE(
      "the balancer does not listen on loopback alone; set LB_ADMIN_TOKEN and send it, or set " +
        "LB_ADMIN_OPEN=true",
    ),
  });
  assertEquals((await answer({ LB_ADMIN_OPEN: "true" })).status, 400);
  assertEquals((await answer({ LB_ADMIN_OPEN: "without-token" })).status, 400);
  const guarded = { LB_ADMIN_OPEN: "without-token", LB_ADMIN_TOKEN: "t" };
  assertEquals((await answer(guarded)).status, 401);
});

test("with the textbook's formulas nearly every request meets one replica", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_LAYOUT: "ring",
    LB_HASHES: "seed",
  });
  const counts = await countById(`${balancer.url}/home`, 10_000, 32);
  assertEquals(counts.get("Hello from Server: 1"), 9649);
});
