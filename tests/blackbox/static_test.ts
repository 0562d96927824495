import { assertEquals } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { upstreamsOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** An external server; tests can make it fail its heartbeats, or stop it. */
class Service {
  well = true;
  #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #answer: string;

  constructor(answer: string) {
    this.#answer = answer;
    this.#server = this.#serve(0);
  }

  get address(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async goAway(): Promise<void> {
    await this.#server.shutdown();
  }

  comeBack(): void {
    this.#server = this.#serve(this.#server.addr.port);
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, ({ url }) => {
      if (url.endsWith("/heartbeat")) return new Response(null, { status: this.well ? 200 : 503 });
      return new Response(this.#answer);
    });
  }
}

async function answers(balancer: Balancer): Promise<string[]> {
  const seen = new Set<string>();
  for (let id = 0; id < 20; id++) {
    const response = await balancer.fetch("/", { headers: { "x-request-id": String(id) } });
    seen.add(`${response.status} ${await response.text()}`);
  }
  return [...seen].sort();
}

test("external servers get heartbeats and requests", async () => {
  const services = [new Service("one"), new Service("two")];
  {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: upstreamsOf(services.map(({ address }) => address)),
      LB_HEARTBEAT_MS: "50",
    });
    assertEquals((await balancer.call("GET", "/rep")).body, {
      message: { N: 2, replicas: ["Server1", "Server2"] },
      status: "successful",
    });
    assertEquals(await answers(balancer), ["200 one", "200 two"]);

    if (services[0]) services[0].well = false;
    await balancer.until(({ ready }) => ready === 1);
    assertEquals(await answers(balancer), ["200 two"]);

    if (services[0]) services[0].well = true;
    await balancer.until(({ ready }) => ready === 2);

    await services[1]?.goAway();
    assertEquals(await answers(balancer), ["200 one"]);
    services[1]?.comeBack();
    await balancer.until(({ ready }) => ready === 2);
    assertEquals(await answers(balancer), ["200 one", "200 two"]);
  }
  for (const service of services) await service.goAway();
});

test("the first request after the port is open finds the servers", async () => {
  const service = new Service("one");
  {
    await using balancer = await Balancer.start({
      LB_ENGINE: "static",
      LB_UPSTREAMS: service.address,
      LB_HEALTH_PATH: "",
    });
    assertEquals(await answers(balancer), ["200 one"]);
  }
  await service.goAway();
});

test("external servers can be neither added nor removed", async () => {
  await using balancer = await Balancer.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: "127.0.0.1:9",
  });
  for (const [method, path, verb] of [["POST", "/add", "added"], ["DELETE", "/rm", "removed"]]) {
    assertEquals(await balancer.call(method ?? "", path ?? "", { n: 1 }), {
      status: 409,
      body: {
        message: `<Error> with LB_ENGINE=static another system runs the replicas, so none can be ` +
          `${verb}; change the list of upstreams instead (PUT /_lb/upstreams, or LB_UPSTREAMS)`,
        status: "failure",
      },
    });
  }
});

test("without a health path a server is up until a connection cannot be made, and tried again after a second", async () => {
  const service = new Service("one");
  {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: service.address,
      LB_HEALTH_PATH: "",
    });
    service.well = false;
    assertEquals(await answers(balancer), ["200 one"]);
    await service.goAway();
    assertEquals((await balancer.fetch("/")).status, 502);
    assertEquals((await balancer.status()).ready, 0);
    service.comeBack();
    await balancer.until(({ ready }) => ready === 1);
    assertEquals(await answers(balancer), ["200 one"]);
  }
  await service.goAway();
});

test("settings that cannot be used end the balancer with all faults in one message", async () => {
  const failure = await Balancer.start({ LB_PORT: "x", LB_KEY: "moon" }).then(
    async (balancer) => (await balancer.end("SIGTERM")).output,
    (error) => String(error),
  );
  assertEquals(failure.split("\n").slice(1), [
    "The balancer cannot start with these settings:",
    'LB_PORT: must be a whole number from 0 to 65535; got "x"',
    "LB_KEY: must be request-id, path, client, affinity, header:NAME, cookie:NAME or query:NAME; " +
    'got "moon"',
    "",
  ]);
});

test("a taken port is a clear error and nothing is started", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const failure = await Balancer.start({ LB_ENGINE: "process", LB_PORT: String(port) }).then(
    async (balancer) => (await balancer.end("SIGTERM")).output,
    (error) => String(error),
  );
  taken.close();
  assertEquals(
    failure.includes(`LB_PORT: ${port} on 127.0.0.1 is taken by another program`),
    true,
    failure,
  );
});
