/**
 * Connections that are reset before they are accepted, and the request after them.
 *
 * @module
 */
import { RawUpstream } from "../../tests/harness/raw.ts";
import { OK } from "../../tests/harness/raw/upstream.ts";
import { reset } from "../../tests/harness/resets.ts";
import { type Attack, type AttackOptions, Findings, type Result } from "./attack.ts";
import { exchange, replies } from "./exchange.ts";
import { Target } from "./target.ts";

/** Milliseconds that the next request may take: a pause per reset would add up to many seconds. */
const SOON_MS = 1000;

/** The attack. */
export const resets: Attack = {
  name: "resets",
  about: "connections that are reset before they are accepted",
  count: 4000,
  run: async (options) => {
    await using replica = new RawUpstream(() => OK);
    await using target = await Target.start({
      LB_ENGINE: "static",
      LB_UPSTREAMS: `Server1=${replica.address}`,
      LB_ADMIN_LISTEN: "127.0.0.1:0",
    });
    const results = [
      await resetAt("public port", target.port, "/home", options),
      await resetAt("the API's own port", target.apiPort, "/_lb/healthz", options),
    ];
    const { code } = await target.end();
    if (code === 0) return results;
    const [first, ...others] = results;
    return [
      { ...first!, fallen: [...first!.fallen, `the balancer ended with ${code}`] },
      ...others,
    ];
  },
};

async function resetAt(
  against: string,
  port: number,
  path: string,
  { count }: AttackOptions,
): Promise<Result> {
  const findings = new Findings();
  await reset(port, count);
  const begun = performance.now();
  const { text } = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const ms = Math.round(performance.now() - begun);
  const status = replies(text)[0]?.status;
  if (status !== 200) findings.add(`the next request was answered ${status}`);
  if (ms > SOON_MS) findings.add(`the next request took ${ms} ms`);
  const note = `the next request was answered in ${ms} ms`;
  return { against, tried: count, fallen: findings.all, note };
}
