import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ConfigError, readConfig, replicaCapacity } from "./config.ts";
import { SETTINGS } from "./settings/settings.ts";
import { systemTest as test } from "../tools/test/needs.ts";

function faults(env: Record<string, string>): readonly string[] {
  return assertThrows(() => readConfig(env), ConfigError).faults;
}

Deno.test("without any variable the textbook's values are in force", () => {
  const config = readConfig({});
  assertEquals([config.listen.host, config.listen.port], ["127.0.0.1", 5000]);
  assertEquals([config.ring.slots, config.ring.virtualServers, config.fleet.replicas], [512, 9, 3]);
  assertEquals([config.health.heartbeatMs, config.health.path], [3000, "/heartbeat"]);
  assertEquals(config.ring.key, { from: "request-id" });
});

Deno.test("every default is accepted by its own setting", () => {
  for (const [name, setting] of Object.entries(SETTINGS)) {
    assert(setting.schema.safeParse(setting.fallback).success, name);
  }
});

Deno.test("an empty variable counts as unset, except for the health path", () => {
  const config = readConfig({ LB_PORT: "", LB_HEALTH_PATH: "" });
  assertEquals([config.listen.port, config.health.path], [5000, ""]);
});

Deno.test("all faults come in one error, each with name, bound and value", () => {
  assertEquals(
    faults({ LB_PORT: "70000", LB_LAYOUT: "square", LB_REPLICAS: "-1", LB_SLOTS: "2.5" }),
    [
      'LB_PORT: must be a whole number from 0 to 65535; got "70000"',
      'LB_REPLICAS: must be a whole number from 0 to 4096; got "-1"',
      'LB_SLOTS: must be a whole number from 1 to 65536; got "2.5"',
      'LB_LAYOUT: must be one of even, ring, rendezvous; got "square"',
    ],
  );
});

Deno.test("an invalid token is not shown", () => {
  assertEquals(faults({ LB_ADMIN_TOKEN: "hush hush" }), [
    "LB_ADMIN_TOKEN: must be printable characters without spaces; got a value of another form",
  ]);
});

Deno.test("a token has one source, and the two tokens differ", () => {
  assertEquals(faults({ LB_READ_TOKEN: "hush", LB_READ_TOKEN_FILE: "file" }), [
    "LB_READ_TOKEN, LB_READ_TOKEN_FILE: only one of them may be given; got both",
  ]);
  assertEquals(faults({ LB_READ_TOKEN: "hush", LB_ADMIN_TOKEN: "hush" }), [
    "LB_READ_TOKEN: must be another token than LB_ADMIN_TOKEN; got the same",
  ]);
});

Deno.test("page and API may have an address, a free port or a socket file of their own", () => {
  const own = (LB_ADMIN_LISTEN: string) => readConfig({ LB_ADMIN_LISTEN }).admin.listen;
  assertEquals(own(""), null);
  assertEquals(own("127.0.0.1:5001"), { hostname: "127.0.0.1", port: 5001 });
  assertEquals(own("[::1]:0"), { hostname: "::1", port: 0 });
  assertEquals(own("unix:/run/lb.sock"), { path: "/run/lb.sock" });
  for (const value of ["5001", "unix:", "127.0.0.1", "127.0.0.1:65536", "/run/lb.sock"]) {
    assertEquals(faults({ LB_ADMIN_LISTEN: value }).length, 1, value);
  }
});

test("upstreams are addresses with a name and a weight, or named by the address", () => {
  const config = readConfig({
    LB_ENGINE: "static",
    LB_UPSTREAMS: "127.0.0.1:9001, a=[0:0::1]:9002*2,Web-1:80*0.5,unix:/run/a.sock,b=unix:/b*0",
  });
  assertEquals(config.fleet.upstreams, [
    { name: "127.0.0.1:9001", address: { hostname: "127.0.0.1", port: 9001 }, weight: 1 },
    { name: "a", address: { hostname: "::1", port: 9002 }, weight: 2 },
    { name: "web-1:80", address: { hostname: "web-1", port: 80 }, weight: 0.5 },
    { name: "unix:/run/a.sock", address: { path: "/run/a.sock" }, weight: 1 },
    { name: "b", address: { path: "/b" }, weight: 0 },
  ]);
});

Deno.test("upstreams with an invalid address, name or weight are refused", () => {
  const wrong = ["a=", "=a:80", "-a=b:80", "a b=c:80", "a:80*", "a:80*-1", "a:80*1001", "a:80*x"];
  const paths = ["unix:", "unix:a.sock", "unix:/a b", `unix:/${"a".repeat(107)}`, "[1::2::3]:80"];
  for (const value of [...wrong, ...paths]) {
    assertEquals(faults({ LB_UPSTREAMS: value }).length, 1, value);
  }
});

Deno.test("upstreams have unique names, and at least one has a weight above 0", () => {
  const fault = (value: string) => faults({ LB_ENGINE: "static", LB_UPSTREAMS: value });
  const twice = "LB_UPSTREAMS: each upstream must have a name of its own; got";
  assertEquals(fault("a=h:1,a=h:2"), [`${twice} a twice`]);
  assertEquals(fault("[::1]:80,[0::1]:80"), [`${twice} [::1]:80 twice`]);
  readConfig({ LB_ENGINE: "static", LB_UPSTREAMS: "a=h:1,b=h:1" });
  assertEquals(fault("a:1*0"), [
    "LB_UPSTREAMS: an upstream of a weight above 0 must remain; got none",
  ]);
});

Deno.test("addresses without a port, or with an invalid one, are refused", () => {
  for (const value of ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "a b:80", "::1:80"]) {
    assertEquals(faults({ LB_UPSTREAMS: value }).length, 1, value);
  }
});

Deno.test("the key setting accepts seven kinds of keys", () => {
  const key = (text: string) => readConfig({ LB_KEY: text }).ring.key;
  assertEquals(key("path"), { from: "path" });
  assertEquals(key("client"), { from: "client" });
  assertEquals(key("affinity"), { from: "affinity" });
  assertEquals(key("header:X-User"), { from: "header", name: "X-User" });
  assertEquals(key("cookie:sid"), { from: "cookie", name: "sid" });
  assertEquals(key("query:user"), { from: "query", name: "user" });
  for (const text of ["header:", "header:a b", "body", "query"]) {
    assertEquals(faults({ LB_KEY: text }).length, 1, text);
  }
});

Deno.test("certificates are a folder or pairs of files", () => {
  const certificates = (text: string) =>
    readConfig({ LB_TLS_CERTIFICATES: text, LB_TLS_PORT: "0" }).tls.certificates;
  assertEquals(certificates("/etc/tls/"), { folder: "/etc/tls" });
  assertEquals(certificates("a.pem:a.key, b.pem:b.key"), {
    pairs: [{ cert: "a.pem", key: "a.key" }, { cert: "b.pem", key: "b.key" }],
  });
  for (const text of ["a.pem:a.key,b.pem", "a:b:c", ":b", "a:", "a.pem:a.key,"]) {
    assertThrows(() => certificates(text), ConfigError, "LB_TLS_CERTIFICATES: must be a folder");
  }
});

Deno.test("settings of TLS that conflict with each other are faults", () => {
  const all = (env: Record<string, string>) => faults(env).join("\n");
  const tls = { LB_TLS_PORT: "5443", LB_TLS_CERTIFICATES: "/certificates" };
  readConfig(tls);
  assertMatch(all({ LB_TLS_PORT: "5443" }), /LB_TLS_PORT: needs LB_TLS_CERTIFICATES/);
  assertMatch(all({ ...tls, LB_PORT: "5443" }), /must be another port than LB_PORT; got 5443/);
  assertMatch(all({ LB_TLS_REDIRECT: "true" }), /LB_TLS_REDIRECT: needs LB_TLS_PORT; got true/);
  assertMatch(all({ ...tls, LB_TLS_REDIRECT: "443", LB_DRILLS: "true" }), /LB_DRILLS: needs/);
  assertMatch(all({ LB_TLS_CLIENT_CA: "/ca.crt" }), /LB_TLS_CLIENT_CA: needs LB_TLS_PORT/);
  assertMatch(all({ LB_ADMIN_TLS: "on" }), /LB_ADMIN_TLS: on needs LB_TLS_CERTIFICATES/);
  assertMatch(all({ ...tls, LB_TLS_HSTS: "a\r\nb" }), /LB_TLS_HSTS: must be `max-age/);
  assertMatch(all({ ...tls, LB_TLS_REDIRECT: "0" }), /must be true, false or a port from 1/);
});

Deno.test("hosts with certificates by ACME are exact names, and need an authority", () => {
  const acme = {
    LB_TLS_PORT: "5443",
    LB_TLS_HOSTS: "A.example, b.example,a.example",
    LB_ACME_DIRECTORY: "letsencrypt",
  };
  const config = readConfig(acme);
  assertEquals(config.tls.hosts, ["a.example", "b.example"]);
  assertEquals(config.acme.directory, "https://acme-v02.api.letsencrypt.org/directory");
  const all = (env: Record<string, string>) => faults({ ...acme, ...env }).join("\n");
  assertEquals(
    all({ LB_TLS_HOSTS: "*.b.example" }),
    "LB_TLS_HOSTS: a wildcard can be proven by DNS only, and this balancer proves names by HTTP; " +
      "name each host, or give files in LB_TLS_CERTIFICATES; got *.b.example",
  );
  for (const address of ["10.0.0.1", "[2001:db8::1]", "2001:db8::1"]) {
    assertMatch(all({ LB_TLS_HOSTS: address }), /must be host names, for clients send no server/);
  }
  for (const name of ["a_b.example", "-a.example", "a..b", "a.example:443", "x".repeat(64)]) {
    assertMatch(all({ LB_TLS_HOSTS: name }), /LB_TLS_HOSTS: must be at most 100 exact host/);
  }
  assertMatch(all({ LB_ACME_DIRECTORY: "" }), /LB_TLS_HOSTS: needs LB_ACME_DIRECTORY/);
  assertMatch(all({ LB_ACME_DIRECTORY: "http://a.test/dir" }), /must be letsencrypt, letsenc/);
  assertMatch(all({ LB_TLS_HOSTS: "" }), /LB_ACME_DIRECTORY: needs LB_TLS_HOSTS/);
  assertMatch(all({ LB_TLS_PORT: "" }), /LB_TLS_HOSTS: needs LB_TLS_PORT; got a\.example,b/);
  assertMatch(all({ LB_ACME_EMAIL: "ops" }), /LB_ACME_EMAIL: must be one mail address/);
});

Deno.test("the affinity cookie has a name and a lifetime, each within bounds", () => {
  const { affinityCookie, affinityTtlS } = readConfig({ LB_KEY: "affinity" }).ring;
  assertEquals([affinityCookie, affinityTtlS], ["ringkeeper", 0]);
  assertEquals(readConfig({ LB_AFFINITY_COOKIE: "__Host-lb" }).ring.affinityCookie, "__Host-lb");
  assertEquals(faults({ LB_AFFINITY_COOKIE: "a b" }), [
    "LB_AFFINITY_COOKIE: must be 1 to 64 letters, digits or characters of !#$%&'*+.^_`|~-; " +
    'got "a b"',
  ]);
  assertEquals(faults({ LB_AFFINITY_TTL: "34560001" }), [
    'LB_AFFINITY_TTL: must be a whole number from 0 to 34560000; got "34560001"',
  ]);
});

Deno.test("a replica's environment is a JSON object of strings", () => {
  const config = readConfig({ LB_REPLICA_ENV: '{"A":"1"}' });
  assertEquals(config.replica.env, { A: "1" });
  for (const text of ["[]", "{", '{"A":1}', '{"a b":"1"}', "null"]) {
    assertEquals(faults({ LB_REPLICA_ENV: text }).length, 1, text);
  }
});

Deno.test("a replica's command is words, not a shell script", () => {
  const [fault] = faults({ LB_REPLICA_COMMAND: "serve | tee log" });
  assertMatch(fault ?? "", /^LB_REPLICA_COMMAND: .*sh -c/);
  assertEquals(faults({ LB_REPLICA_COMMAND: "serve $PROT" }).length, 1);
  const command = "python3 -m http.server $PORT";
  assertEquals(readConfig({ LB_REPLICA_COMMAND: command }).replica.command, command);
});

Deno.test("conflicting settings are faults", () => {
  assertEquals(faults({ LB_ENGINE: "static" }), [
    "LB_UPSTREAMS: must name at least one host:port with LB_ENGINE=static; got none",
  ]);
  assertEquals(faults({ LB_REPLICAS: "65" }), [
    "LB_REPLICAS: must be at most LB_MAX_REPLICAS (64); got 65",
  ]);
  assertEquals(faults({ LB_REPLICAS: "57", LB_LAYOUT: "ring" }), [
    "LB_REPLICAS: the ring has room for 56; got 57",
  ]);
});

Deno.test("options of containers are faults key by key, or as a whole if they are not JSON", () => {
  assertEquals(
    faults({ LB_REPLICA_OPTIONS: '{"cpus":0,"volumes":["a"]}' }).map((one) =>
      one.replace(/must.*;/, "...")
    ),
    ["LB_REPLICA_OPTIONS: cpus: ... got 0", 'LB_REPLICA_OPTIONS: volumes.0: ... got "a"'],
  );
  assertMatch(
    faults({ LB_REPLICA_OPTIONS: '{"ports":[]}' }).join(),
    /no fields but memory, .*ports/,
  );
  assertMatch(faults({ LB_REPLICA_OPTIONS: "memory=1g" }).join(), /must be a JSON object such as/);
});

Deno.test("options apply to containers only, and options of a single replica not to spares", () => {
  const LB_REPLICA_OPTIONS = '{"volumes":["data-$SERVER_NAME:/data"]}';
  assertEquals(faults({ LB_ENGINE: "process", LB_REPLICA_OPTIONS }), [
    "LB_REPLICA_OPTIONS: must be empty with LB_ENGINE=process, since every key is an option of " +
    "containers; got volumes",
  ]);
  assertMatch(faults({ LB_SPARES: "1", LB_REPLICA_OPTIONS }).join(), /LB_SPARES: must be 0 where/);
});

Deno.test("the ring has room for one replica per slot, or M / K if each has K points", () => {
  const room = (LB_LAYOUT: "even" | "ring") =>
    replicaCapacity(
      readConfig({ LB_LAYOUT, LB_SLOTS: "512", LB_VIRTUAL_SERVERS: "9", LB_REPLICAS: "3" }),
    );
  assertEquals([room("even"), room("ring")], [512, 56]);
});

Deno.test("an unknown variable is a fault among the others", () => {
  assertEquals(faults({ LB_PROT: "1", LB_PORT: "x", HOME: "/" }), [
    "LB_PROT: no setting has this name; did you mean LB_PORT?",
    'LB_PORT: must be a whole number from 0 to 65535; got "x"',
  ]);
});

Deno.test("the configuration cannot be changed", () => {
  assert(Object.isFrozen(readConfig({})));
});
