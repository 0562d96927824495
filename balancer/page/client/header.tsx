/**
 * The top line: overall state, and the balancer's identity.
 *
 * @module
 */
import type { JSX } from "preact";
import { counted, duration } from "./format.ts";
import { StateIcon } from "./icons.tsx";
import { useStore } from "./store.ts";

/** The page's header. */
export function Header(): JSX.Element {
  const store = useStore();
  const { status, now, token } = store;
  return (
    <header class="top">
      <h1>ringkeeper</h1>
      <Health />
      {status.value && (
        <dl class="about">
          <Fact name="engine" value={status.value.engine} />
          <Fact name="version" value={String(status.value.version)} />
          <Fact name="digest" value={status.value.digest.slice(0, 8)} />
          <Fact name="up" value={duration(now.value - Date.parse(status.value.startedAt))} />
        </dl>
      )}
      <Link />
      <a href="docs">API</a>
      <button type="button" onClick={() => store.dialog.value = { of: "token" }}>
        {token.value === "" ? "Admin token…" : "Admin token ✓"}
      </button>
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
function Health(): JSX.Element {
  const { status } = useStore();
  const { ready = 0, desired = 0 } = status.value ?? {};
  const well = status.value !== undefined && ready >= desired;
  return (
    <p class={well ? "health good" : "health bad"} role="status">
      {status.value && <StateIcon state={well ? "ready" : "down"} />}
      {status.value ? `${ready} of ${counted(desired, "replica")} ready` : "Reading the state…"}
    </p>
  );
}

function Link(): JSX.Element {
  const { live, barred } = useStore();
  const text = { connecting: "connecting", live: "live", lost: "not connected, trying again" };
  return (
    <p class={`link ${live.value}`} role="status">
      <span class="lamp" aria-hidden="true" />{" "}
      {barred.value === undefined ? text[live.value] : "waits for a token"}
    </p>
  );
}

/** The most urgent message to the operator. */
export function Warnings(): JSX.Element | null {
  const { status } = useStore();
  const { engineUp = true, quarantined = [] } = status.value ?? {};
  if (engineUp && quarantined.length === 0) return null;
  return (
    <div class="warnings" role="status">
      {!engineUp && <p>The engine does not answer: nothing can be started or stopped.</p>}
      {quarantined.length > 0 && (
        <p>
          Answered 503, because replicas died of {quarantined.length === 1 ? "it" : "them"}:{" "}
          {quarantined.map(({ key }) => key).join(", ")}
        </p>
      )}
    </div>
  );
}
