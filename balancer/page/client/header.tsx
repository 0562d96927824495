/**
 * The top line: overall state, and the balancer's identity.
 *
 * @module
 */
import type { JSX } from "preact";
import { duration } from "./format.ts";
import { flapping, healthOf } from "./health.ts";
import { StateIcon } from "./icons.tsx";
import { useStore } from "./store.ts";

/** The page's header. */
export function Header(): JSX.Element {
  const store = useStore();
  const { status, now, token, tokenWanted } = store;
  const open = (of: "token" | "deploy" | "log") => () => store.dialog.value = { of };
  return (
    <header class="top">
      <h1>ringkeeper</h1>
      <State />
      {status.value && (
        <dl class="about">
          <Fact name="engine" value={status.value.engine} />
          <Fact name="view" value={String(status.value.version)} />
          <Fact name="digest" value={status.value.digest.slice(0, 8)} />
          <Fact name="up" value={duration(now.value - Date.parse(status.value.startedAt))} />
        </dl>
      )}
      <Link />
      {status.value && (
        <>
          {status.value.engine !== "static" && (
            <button type="button" onClick={open("deploy")}>Deploy…</button>
          )}
          <button type="button" onClick={open("log")}>Log…</button>
        </>
      )}
      <a href="docs">API</a>
      {(tokenWanted.value || token.value !== "") && (
        <button type="button" onClick={open("token")}>
          {token.value === "" ? "Admin token…" : "Admin token ✓"}
        </button>
      )}
    </header>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Announced by screen readers when the text changes. */
function State(): JSX.Element {
  const { status, live, barred } = useStore();
  const { tone, text } = healthOf({
    status: status.value,
    live: live.value,
    barred: barred.value,
  });
  return (
    <p class={`health ${tone}`} role="status">
      {tone !== "unknown" && <StateIcon state={tone === "good" ? "ready" : "down"} />}
      {text}
    </p>
  );
}

function Link(): JSX.Element {
  const { live, barred } = useStore();
  const text = { connecting: "connecting", live: "live", lost: "not connected, trying again" };
  const state = barred.value === undefined ? live.value : "connecting";
  return (
    <p class={`link ${state}`} role="status">
      <span class="lamp" aria-hidden="true" />{" "}
      {barred.value === undefined ? text[live.value] : "waits for a token"}
    </p>
  );
}

/** Limit on the listed replicas that flap. */
const WARNED = 3;

/** The most urgent messages to the operator. */
export function Warnings(): JSX.Element | null {
  const { status, incidents, now } = useStore();
  const { engineUp = true, quarantined = [] } = status.value ?? {};
  const failing = flapping(incidents.value, now.value);
  if (engineUp && quarantined.length === 0 && failing.length === 0) return null;
  return (
    <div class="warnings" role="status">
      {!engineUp && <p>The engine does not answer: nothing can be started or stopped.</p>}
      {failing.slice(0, WARNED).map(({ name, times, cause }) => (
        <p key={name}>{name} failed {times} times in the last ten minutes: {cause}</p>
      ))}
      {failing.length > WARNED && <p>and {failing.length - WARNED} more replicas fail repeatedly
      </p>}
      {quarantined.length > 0 && (
        <p>
          Answered 503, because replicas died of {quarantined.length === 1 ? "it" : "them"}:{" "}
          {quarantined.map(({ key }) => key).join(", ")}
        </p>
      )}
    </div>
  );
}
