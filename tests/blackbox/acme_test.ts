import { assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { freePort } from "../harness/free_port.ts";
import { Pebble } from "../harness/pebble.ts";
import { RawUpstream } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

test("a certificate is issued, used, and kept over a restart", async () => {
  const port = freePort();
  await using authority = await Pebble.start({ httpPort: port });
  await using replica = new RawUpstream(() => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const balancer = await Balancer.start({
    LB_ENGINE: "static",
    LB_UPSTREAMS: replica.address,
    LB_HEALTH_PATH: "",
    LB_WORKERS: "2",
    LB_PORT: String(port),
    LB_TLS_PORT: "0",
    LB_TLS_HOSTS: "a.test",
    LB_STATE_FILE: `${authority.folder}/fleet.json`,
    ...authority.env,
  });
  await new Promise((r) => setTimeout(r, 8000));
  console.log(await balancer.end("SIGTERM"));
});
