/**
 * The top line: overall state, and the balancer's identity.
 *
 * @module
 */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { Status } from "../../answers/fleet.ts";
import { clock, counted, duration } from "./format.ts";
import {
  certificateProblem,
  type Flapping as FlappingReplica,
  flapping,
  healthOf,
} from "./health.ts";
import { StateIcon } from "./icons.tsx";
import { useStore } from "./store.ts";
import { useKeptFocus } from "./use_kept_focus.ts";

type Maintenance = NonNullable<Status["maintenance"]>;

/** The page's header. */
export function Header(): JSX.Element {
  const store = useStore();
  const { status, now, token, tokenWanted } = store;
  const open = (of: "token" | "deploy" | "log" | "maintenance") => () =>
    store.dialog.value = { of };
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
      <div class="actions">
        {status.value && (
          <>
            {status.value.engine !== "static" && (
              <button type="button" onClick={open("deploy")}>Deploy…</button>
            )}
            <button type="button" onClick={open("maintenance")}>Maintenance…</button>
            <button type="button" onClick={open("log")}>Log…</button>
          </>
        )}
        {(tokenWanted.value || token.value !== "") && (
          <button type="button" onClick={open("token")}>
            {token.value === "" ? "Admin token…" : "Admin token ✓"}
          </button>
        )}
        <a href="docs">API</a>
      </div>
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

const TONE_ICONS = { good: "ready", warned: "waiting", bad: "down" } as const;

/** Announced by screen readers when the text changes. */
function State(): JSX.Element {
  const { status, live, barred, refused } = useStore();
  const { tone, text } = healthOf({
    status: status.value,
    live: live.value,
    barred: barred.value,
    refused: refused.value,
  });
  return (
    <p class={`health ${tone}`} role="status">
      {tone !== "unknown" && <StateIcon state={TONE_ICONS[tone]} />}
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
      {barred.value === undefined ? text[live.value] : "waiting for a token"}
    </p>
  );
}

/** Limit on the listed replicas that flap. */
const WARNED = 3;

/** The most urgent messages to the operator. */
export function Warnings(): JSX.Element | null {
  const { status, incidents, now } = useStore();
  if (!status.value) return null;
  const { engineUp, quarantined, maintenance, replicas, certificates } = status.value;
  const problems = certificates.flatMap((one) => certificateProblem(one) ?? []);
  const names = new Set(replicas.map(({ name }) => name));
  const failing = flapping(incidents.value, names, now.value);
  const urgent = !engineUp || [quarantined, failing, problems].some(({ length }) => length > 0);
  return (
    <>
      {maintenance && <InMaintenance {...maintenance} />}
      {urgent && (
        <div class="warnings" role="status">
          {!engineUp && <p>The engine does not answer: nothing can be started or stopped.</p>}
          <Flapping failing={failing} />
          {problems.slice(0, WARNED).map((problem) => <p key={problem}>{problem}</p>)}
          {quarantined.length > 0 && <Quarantined keys={quarantined.map(({ key }) => key)} />}
        </div>
      )}
    </>
  );
}

/** Whom the maintenance concerns, and since when. */
function InMaintenance({ message, retryAfterS, allow, since }: Maintenance): JSX.Element {
  const store = useStore();
  const element = useRef<HTMLDivElement>(null);
  useKeptFocus(element);
  const lasts = duration(store.now.value - Date.parse(since));
  return (
    <div ref={element} class="warnings mild">
      <p>
        In maintenance for {lasts}, since{" "}
        <time dateTime={since}>{clock(Date.parse(since))}</time>: new requests on all routes are
        answered 503, Retry-After {retryAfterS} s{allow.length > 0 &&
          `, except those from ${allow.join(", ")}`}. Message: “{message}”
      </p>
      <button type="button" onClick={() => store.dialog.value = { of: "maintenance" }}>
        Change or end…
      </button>
    </div>
  );
}

function Flapping({ failing }: { readonly failing: readonly FlappingReplica[] }): JSX.Element {
  const more = failing.length - WARNED;
  return (
    <>
      {failing.slice(0, WARNED).map(({ name, times, cause }) => (
        <p key={name}>{name} failed {times} times in the last ten minutes: {cause}</p>
      ))}
      {more > 0 && <p>{counted(more, "more replica")} failed repeatedly.</p>}
    </>
  );
}

function Quarantined({ keys }: { readonly keys: readonly string[] }): JSX.Element {
  return (
    <p>
      Quarantined, because replicas died while they handled{" "}
      {keys.length === 1 ? "this key" : "these keys"}; requests are answered 503: {keys.join(", ")}
    </p>
  );
}
