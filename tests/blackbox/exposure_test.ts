import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { terminal } from "../harness/terminal.ts";
import {
  field,
  get,
  OK,
  RawConnection,
  type RawMessage,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = ".run/state";
const PUBLIC_API = { LB_PUBLIC_API: "all" };

const bearer = (token: string) => `Authorization: Bearer ${token}`;

/** A balancer in front of a server that is always there. */
async function started(env: Record<string, string> = {}) {
  const asked: RawMessage[] = [];
  const server = new RawUpstream((request) => {
    asked.push(request);
    return OK;
  });
  const balancer = await Balancer.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `Server1=${server.address}`,
    LB_HEALTH_PATH: "",
    LB_WORKERS: "1",
    ...env,
  });
  return {
    /** The requests that reached the server. */
    asked,
    balancer,
    [Symbol.asyncDispose]: async () => {
      await balancer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Sends a request to the public port. */
async function ask(base: string, request: string): Promise<RawMessage> {
  using client = await RawConnection.to(Number(new URL(base).port));
  await client.send(request);
  return await client.response();
}

/** A change that is harmless: its body is refused, as soon as the call is let through. */
function change(method: string, path: string, ...fields: string[]): string {
  return [`${method} ${path} HTTP/1.1`, "Host: localhost", "Content-Length: 2", ...fields, "", "{}"]
    .join("\r\n");
}

function unlessThere(path: string): Promise<void> {
  return Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

test("by default page and API have a port of their own, the public one plus one", async () => {
  const port = await twoFreePorts();
  await using running = await started({ LB_PORT: String(port) });
  const { balancer, asked } = running;
  assertEquals(balancer.own, `http://127.0.0.1:${port + 1}`);
  for (const path of ["/_lb/", "/_lb/status", "/rep", "/_lb/healthz"]) {
    const response = await fetch(balancer.own + path);
    assertEquals(response.status, 200, path);
    await response.text();
  }
  assertEquals(statusOf(await ask(balancer.url, get("/_lb/status"))), 200);
  assertMatch(asked.at(-1)?.line ?? "", /^GET \/_lb\/status /);
  const rep = await fetch(`${balancer.url}/rep`);
  assertEquals((await rep.json()).message, { N: 1, replicas: ["Server1"] });
  assertEquals(statusOf(await ask(balancer.url, change("POST", "/add"))), 400);
});

async function twoFreePorts(): Promise<number> {
  for (;;) {
    const first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = first.addr;
    first.close();
    try {
      if (port < 65535) Deno.listen({ hostname: "127.0.0.1", port: port + 1 }).close();
      return await Promise.resolve(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

test("if the port above the public one is taken, the API uses a free one and logs it", async () => {
  const port = await twoFreePorts();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: port + 1 });
  await using running = await started({ LB_PORT: String(port) });
  const { own, url } = running.balancer;
  assert(own !== url && own !== `http://127.0.0.1:${taken.addr.port}`, own);
  assertEquals((await (await fetch(`${own}/_lb/healthz`)).json()).status, "ok");
});

test("LB_PUBLIC_API=all brings everything to the public port, and no other is opened", async () => {
  await using running = await started(PUBLIC_API);
  const { balancer, asked } = running;
  assertEquals(balancer.own, balancer.url);
  assertEquals((await (await fetch(`${balancer.url}/_lb/healthz`)).json()).status, "ok");
  assertEquals(asked.filter(({ line }) => line.includes("/_lb/")), []);
});

test("calls that run code or kill need a token even on loopback; the balancer makes one", async () => {
  const state = `${FOLDER}/${crypto.randomUUID()}.json`;
  const file = `${state}.admin-token`;
  await Deno.mkdir(new URL(FOLDER, ROOT), { recursive: true });
  try {
    await using running = await started({ LB_STATE_FILE: state, LB_DRILLS: "true" });
    const { balancer } = running;
    assertEquals(balancer.tokenFile, file);
    const { mode, size } = await Deno.stat(new URL(file, ROOT));
    assertEquals([(mode ?? 0) & 0o777, size], [0o600, 44]);
    const token = (await Deno.readTextFile(new URL(file, ROOT))).trim();
    for (const path of ["/_lb/deploy", "/_lb/drill"]) {
      assertEquals(statusOf(await ask(balancer.own, change("POST", path))), 401, path);
      const wrong = await ask(balancer.own, change("POST", path, bearer("guess")));
      assertEquals(statusOf(wrong), 401, path);
      const right = await ask(balancer.own, change("POST", path, bearer(token)));
      assertEquals(statusOf(right), 400, path);
    }
    // The rest is as open as before.
    assertEquals(statusOf(await ask(balancer.own, change("POST", "/_lb/plan"))), 400);
    const { output } = await balancer.end("SIGTERM");
    assertEquals(output.includes(token), false);
    // A later start of the same fleet has the same one, and another fleet has another.
    await using again = await started({ LB_STATE_FILE: state });
    assertEquals(await again.balancer.bearer(), { authorization: `Bearer ${token}` });
    await using other = await started();
    assert((await other.balancer.bearer()).authorization !== `Bearer ${token}`);
  } finally {
    await unlessThere(state);
    await unlessThere(file);
  }
});

test("a token that other users could read or have made is replaced", async () => {
  const state = `${FOLDER}/${crypto.randomUUID()}.json`;
  const file = `${state}.admin-token`;
  await Deno.mkdir(new URL(FOLDER, ROOT), { recursive: true });
  const known = "A".repeat(43);
  try {
    for (const [mode, text] of [[0o644, known], [0o600, "known"]] as const) {
      await Deno.writeTextFile(new URL(file, ROOT), `${text}\n`);
      await Deno.chmod(new URL(file, ROOT), mode);
      await using running = await started({ LB_STATE_FILE: state });
      const { authorization } = await running.balancer.bearer();
      assertMatch(authorization, /^Bearer [A-Za-z0-9_-]{43}$/);
      assert(authorization !== `Bearer ${text}`);
      assertEquals(((await Deno.stat(new URL(file, ROOT))).mode ?? 0) & 0o777, 0o600);
    }
    await unlessThere(file);
    // A link to a file elsewhere would have that read, or written.
    const target = await Deno.makeTempFile();
    await Deno.writeTextFile(target, `${known}\n`, { mode: 0o600 });
    await Deno.symlink(target, new URL(file, ROOT));
    await using running = await started({ LB_STATE_FILE: state });
    assert((await running.balancer.bearer()).authorization !== `Bearer ${known}`);
    assertEquals(await Deno.readTextFile(target), `${known}\n`);
    await Deno.remove(target);
  } finally {
    await unlessThere(state);
    await unlessThere(file);
  }
});

test("LB_ADMIN_OPEN=true asks for no token, and makes none", async () => {
  await using running = await started({ LB_ADMIN_OPEN: "true" });
  const { balancer } = running;
  assertEquals(balancer.tokenFile, "");
  assertEquals(statusOf(await ask(balancer.own, change("POST", "/_lb/deploy"))), 400);
});

test("on the public port a browser shows the token for each call, other programs do not", async () => {
  await using running = await started(PUBLIC_API);
  const { balancer } = running;
  const { authorization } = await balancer.bearer();
  const { host, origin } = new URL(balancer.url);
  const CALLS = [
    ["POST", "/add"],
    ["DELETE", "/rm"],
    ["POST", "/_lb/plan"],
    ["PATCH", "/_lb/ring"],
  ] as const;
  for (const mark of [`Origin: ${origin}`, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none"]) {
    const page = [mark, `Host: ${host}`];
    for (const [method, path] of CALLS) {
      const send = async (...fields: string[]) => {
        const request = change(method, path, ...fields).replace("Host: localhost\r\n", "");
        return statusOf(await ask(balancer.url, request));
      };
      assertEquals(await send(...page), 401, `${mark} ${path}`);
      assertEquals(await send(...page, `Authorization: ${authorization}`), 400);
      assertEquals(await send(`Host: ${host}`), 400);
    }
    for (const path of ["/rep", "/_lb/status", "/_lb/healthz", "/_lb/events"]) {
      const answer = await ask(balancer.url, get(path, mark).replace("a.example", host));
      assertEquals(statusOf(answer), 401, `${mark} ${path}`);
    }
  }
});

test("a port that the service shares has no script for service workers, and no foreign name", async () => {
  await using running = await started({ ...PUBLIC_API, LB_ALLOWED_HOSTS: "lb.example" });
  const { balancer } = running;
  for (const path of ["/_lb/", "/_lb/page/app.js", "/_lb/openapi.json", "/_lb/status"]) {
    const answer = await ask(balancer.url, get(path, "Service-Worker: script"));
    assertEquals(statusOf(answer), 403, path);
  }
  const under = async (host: string, path = "/_lb/status") => {
    return statusOf(await ask(balancer.url, get(path).replace("a.example", host)));
  };
  const paths = ["/_lb/status", "/_lb/metrics", "/_lb/ring", "/_lb/incidents", "/_lb/events"];
  for (const path of paths) assertEquals(await under("evil.example:5000", path), 403, path);
  const answer = await ask(balancer.url, get("/_lb/status"));
  assertMatch(answer.body, /LB_ALLOWED_HOSTS.*got \\"a\.example\\"/);
  for (const host of ["localhost:5000", "127.0.0.1:5000", "balancer:5000", "lb.example"]) {
    assertEquals(await under(host), 200, host);
  }
  // The textbook's call is the service's: that may have any name.
  assertEquals(await under("evil.example", "/rep"), 200);
});

test("a token of the API that is sent to the public port does not reach a replica", async (t) => {
  const file = await Deno.makeTempFile({ dir: new URL(FOLDER, ROOT).pathname });
  await Deno.writeTextFile(file, "in-a-file\n");
  try {
    await using running = await started({
      LB_ADMIN_TOKEN: "adm1n-token",
      LB_READ_TOKEN_FILE: file,
      LB_PUBLIC_API: "none",
    });
    const { balancer, asked } = running;
    const seen = async (method: string, path: string, ...fields: string[]) => {
      const body = method === "POST"
        ? ["Content-Length: 2", ...fields, "", "{}"]
        : [...fields, "", ""];
      await ask(balancer.url, [`${method} ${path} HTTP/1.1`, "Host: a", ...body].join("\r\n"));
      const request = asked.at(-1)!;
      assertMatch(request.line, new RegExp(`^${method} ${path.replace(/\?/, "\\?")} `));
      return [field(request, "authorization"), field(request, "x-kept")];
    };
    const kept = "X-Kept: yes";
    const paths = [
      ...["/_lb/status", "/_lb/", "/_lb", "/_lb/status?a=b", "/rep"].map((path) => ["GET", path]),
      ["POST", "/add"],
      ["DELETE", "/rm"],
    ] as const;
    for (const token of ["adm1n-token", "in-a-file"]) {
      for (const [method = "", path = ""] of paths) {
        for (const name of ["Authorization", "AUTHORIZATION"]) {
          const fields = [`${name}: Bearer ${token}`, kept];
          assertEquals(await seen(method, path, ...fields), [undefined, "yes"], `${path} ${token}`);
        }
      }
    }
    await t.step(
      "in any form that the API would take, and beside other fields of the name",
      async () => {
        for (const value of ["bearer   adm1n-token ", "Bearer\tadm1n-token", "adm1n-token"]) {
          assertEquals(await seen("GET", "/_lb/x", `Authorization: ${value}`), [
            undefined,
            undefined,
          ]);
        }
        const two = ["Authorization: Bearer other", "Authorization: Bearer adm1n-token"];
        assertEquals(await seen("GET", "/_lb/x", ...two), [undefined, undefined]);
      },
    );
    await t.step("the service's own credentials pass, and so does all on other paths", async () => {
      for (
        const value of ["Bearer adm1n-tokem", "Bearer adm1n-token2", "Basic YTpi", "Bearer adm1n"]
      ) {
        assertEquals(await seen("GET", "/_lb/x", `Authorization: ${value}`), [value, undefined]);
      }
      const own = "Bearer adm1n-token";
      assertEquals(await seen("GET", "/home", `Authorization: ${own}`), [own, undefined]);
    });
    await t.step("a token that was replaced in its file counts at once", async () => {
      await Deno.writeTextFile(file, "another-one\n");
      const next = "Authorization: Bearer another-one";
      assertEquals(await seen("GET", "/_lb/x", next), [undefined, undefined]);
    });
  } finally {
    await Deno.remove(file);
  }
});

test("the command line sends the token to no port that does not prove to be the API", async (t) => {
  await using running = await started({ LB_ADMIN_TOKEN: "adm1n-token" });
  const { balancer, asked } = running;
  const env = { LB_ADMIN_TOKEN: "adm1n-token" };

  await t.step("with the API's own port it is proved, and sent", async () => {
    const { code, stdout, stderr } = await terminal(balancer.own, "plan", ["--slots", "1024"], env);
    assertEquals([code, stderr], [0, ""], stdout);
  });
  await t.step(
    "to a replica behind the public port it is not, nor a proof of use elsewhere",
    async () => {
      const before = asked.length;
      const { code, stderr } = await terminal(balancer.url, "plan", ["--slots", "1024"], env);
      assertEquals(code, 3, stderr);
      assertMatch(
        stderr,
        /did not prove to be the balancer's API \(status 200\), so the token was not/,
      );
      const got = asked.slice(before);
      assertEquals(got.map(({ line }) => line), ["POST /_lb/prove HTTP/1.1"]);
      assertEquals(field(got[0]!, "authorization"), undefined);
    },
  );
  await t.step("a wrong token is refused by the balancer, and counted", async () => {
    const wrong = { LB_ADMIN_TOKEN: "another" };
    const { code, stderr } = await terminal(balancer.own, "plan", ["--slots", "1024"], wrong);
    assertEquals(code, 1);
    assertMatch(stderr, /the balancer refused \(401\): mac: fits no token of this balancer/);
    const metrics = await (await balancer.fetch("/_lb/metrics")).text();
    assertMatch(metrics, /ringkeeper_refused_calls_total\{reason="wrong-token"\} 1\n/);
  });
  await t.step("a program that is not the API never gets the token", async () => {
    const proofs: string[] = [];
    await using thief = Deno.serve({ port: 0, onListen() {} }, async (request) => {
      const { nonce = "", mac = "" } = await request.json().catch(() => ({}));
      proofs.push(request.headers.get("authorization") ?? "");
      // The received proof cannot be used as the server's own.
      return Response.json({ nonce, mac });
    });
    const url = `http://127.0.0.1:${thief.addr.port}`;
    assertEquals((await terminal(url, "plan", ["--slots", "1024"], env)).code, 3);
    assertEquals(proofs, [""]);
  });
});

test("the command line finds the token that the balancer made, and reports a refusal", async () => {
  const port = await twoFreePorts();
  await using running = await started({ LB_PORT: String(port), LB_HOST: "0.0.0.0" });
  const { balancer } = running;
  // The API's own port is on loopback all the same.
  assertEquals(balancer.own, `http://127.0.0.1:${port + 1}`);
  const file = `${FOLDER}/ringkeeper@127.0.0.1_${port + 1}.admin-token`;
  assertEquals(balancer.tokenFile, file);
  try {
    const known = await terminal(undefined, "plan", ["--slots", "1024"], { LB_PORT: String(port) });
    assertEquals([known.code, known.stderr], [0, ""]);
    const { output } = await balancer.end("SIGTERM");
    const line = output.split("\n").find((one) => one.includes('"url.path":"/_lb/plan"')) ?? "";
    assertEquals(JSON.parse(line)["ringkeeper.credential"], "none", line);
  } finally {
    await unlessThere(file);
  }
});
