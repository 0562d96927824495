import { assertEquals } from "@std/assert";
import { callsIn, metricsIn, settingsIn, targetsIn, tasksIn, verbsIn } from "./mentions.ts";

const PAGE = `
Set \`LB_KEY\`, or any \`LB_TLS_*\`; \`GET /_lb/status\` and \`/_lb/replicas/NAME\` show it.

\`\`\`sh
LB_PORT=8080 ./ringkeeper up --engine process --json   # --not-this
ringkeeper deploy --command 'node app.js --new'
curl -X POST localhost:5001/_lb/reload
make run && deno task -q status
\`\`\`

\`ringkeeper_requests_total\` counts, as all of \`ringkeeper_hold_*\` do; /_lb/prose is none.
`;

Deno.test("mentions: settings, without prefixes", () => {
  assertEquals(settingsIn(PAGE), ["LB_KEY", "LB_PORT"]);
});

Deno.test("mentions: verbs with their options, neither of comments nor of quoted words", () => {
  assertEquals(verbsIn(PAGE), [
    { verb: "up", options: ["--engine", "--json"] },
    { verb: "deploy", options: ["--command"] },
  ]);
});

Deno.test("mentions: calls in code, with a method where it is named", () => {
  assertEquals(callsIn(PAGE).map(({ method = "", path }) => `${method} ${path}`).sort(), [
    " /_lb/replicas/NAME",
    "GET /_lb/status",
    "POST /_lb/reload",
  ]);
});

Deno.test("mentions: tasks, targets of make and metrics", () => {
  assertEquals([tasksIn(PAGE), targetsIn(PAGE), metricsIn(PAGE)], [
    ["status"],
    ["run"],
    ["ringkeeper_requests_total"],
  ]);
});
