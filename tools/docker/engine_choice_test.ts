import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { chooseEngine, dockerSocket, engineTrouble } from "./engine_choice.ts";
import { stateTrouble } from "./swarm_project.ts";
import { ToolError } from "../tool.ts";

const answered = { code: 0, stdout: "20.10.24\n", stderr: "" };

Deno.test("engine choice: docker if an Engine and compose are present", () => {
  const found = { version: "20.10.24", compose: ["docker-compose"] } as const;
  const choice = chooseEngine("auto", found);
  assertEquals(choice.engine, "docker");
  assertEquals(choice.why, "Docker 20.10.24 answers");
});

Deno.test("engine choice: processes if no Engine answers, with the reason", () => {
  const trouble = "no Docker engine answers on /var/run/docker.sock";
  assertEquals(chooseEngine("auto", { trouble }), { engine: "process", why: trouble });
});

Deno.test("engine choice: processes where compose is missing", () => {
  const choice = chooseEngine("auto", { version: "28.0" });
  assertEquals(choice.engine, "process");
  assertMatch(choice.why, /neither `docker compose` nor docker-compose/);
});

Deno.test("engine choice: a requested engine is never replaced by another", () => {
  const found = { version: "28.0", compose: ["docker", "compose"] } as const;
  assertEquals(chooseEngine("process", found), { engine: "process", why: "asked for" });
  assertThrows(() => chooseEngine("docker", { trouble: "it is gone" }), ToolError, "it is gone");
});

Deno.test("engine choice: each reason against Docker has its own words", () => {
  const said = (code: number, stderr = "", host?: string) =>
    engineTrouble({ code, stdout: "", stderr }, host) ?? "";
  assertEquals(engineTrouble(answered), undefined);
  assertEquals(engineTrouble(answered, "unix:///run/user/1000/docker.sock"), undefined);
  assertMatch(said(127), /not installed/);
  assertMatch(said(124), /did not answer within 2 s/);
  assertMatch(said(1, "permission denied while trying"), /no permission/);
  assertMatch(said(1, "", "unix:///tmp/other.sock"), /answers on \/tmp\/other.sock/);
  assertMatch(said(0, "", "tcp://10.0.0.1:2375"), /no socket of this machine/);
});

Deno.test("engine choice: the container gets the socket that DOCKER_HOST names", () => {
  assertEquals(dockerSocket(), "/var/run/docker.sock");
  assertEquals(dockerSocket("unix:///run/user/1000/docker.sock"), "/run/user/1000/docker.sock");
});

Deno.test("engine choice: a machine that is in no swarm gets the two commands that make one", () => {
  assertEquals(chooseEngine("swarm", { version: "28.0" }).engine, "swarm");
  const trouble = stateTrouble("inactive false node1");
  assertMatch(trouble ?? "", /docker swarm init .*\n.*docker swarm join-token manager/);
  const choose = () => chooseEngine("swarm", { version: "28.0", swarmTrouble: trouble });
  assertThrows(choose, ToolError, "engine swarm: this machine is in no swarm");
  assertMatch(stateTrouble("active false node1") ?? "", /docker node promote node1/);
  assertMatch(stateTrouble("locked false node1") ?? "", /not ready: locked/);
  assertEquals(stateTrouble("active true node1"), undefined);
});
