/**
 * One replica: its state and its actions.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { type Actions, useActions } from "./actions.ts";
import { Dialog, Fault, Field } from "./dialog.tsx";
import { clock, counted } from "./format.ts";
import type { ReplicaStatus as Replica } from "../../answers/fleet.ts";
import type { ChangeRequest } from "./change_request.ts";
import { Swatch } from "./plan_panel.tsx";
import { ReplicaState } from "./replica_state.tsx";
import { useStore } from "./store.ts";

/** The dialog about a replica. */
export function ReplicaDialog({ name }: { readonly name: string }): JSX.Element {
  const { status } = useStore();
  const actions = useActions();
  const replica = status.value?.replicas.find((one) => one.name === name);
  return (
    <Dialog title={<Swatch name={name} />}>
      {replica ? <Facts replica={replica} /> : <p>This replica has left the fleet.</p>}
      {replica && <WeightForm replica={replica} actions={actions} />}
      {replica && <Drill name={name} actions={actions} />}
      {replica && <Removal name={name} actions={actions} />}
      <Fault text={actions.error.value} />
    </Dialog>
  );
}

function Facts({ replica }: { readonly replica: Replica }): JSX.Element {
  const { slots } = useStore();
  const { name, instance, address, restarts, start, lastError } = replica;
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        <ReplicaState replica={replica} />
      </dd>
      <dt>Slots</dt>
      <dd>{slots.value.get(name) ?? 0}</dd>
      <dt>Instance</dt>
      <dd class="mono">{instance?.slice(0, 24) ?? "none"}</dd>
      <dt>Address</dt>
      <dd class="mono">{address ?? "none"}</dd>
      <dt>Restarts</dt>
      <dd>{restarts}</dd>
      {start !== null && start.notReady !== null && <dt>Not ready yet</dt>}
      {start !== null && start.notReady !== null && (
        <dd>
          {start.notReady} (attempt {start.attempt}, {counted(start.heartbeats, "heartbeat")})
        </dd>
      )}
      {lastError && <dt>Last error</dt>}
      {lastError && (
        <dd>
          {clock(Date.parse(lastError.at))}: {lastError.message}
          {lastError.attempt !== undefined && lastError.attempt > 1 &&
            ` (attempt ${lastError.attempt})`}
          {lastError.exit !== undefined && !lastError.message.includes(lastError.exit) &&
            `; ${lastError.exit}`}
          {lastError.lastWords && <pre>{lastError.lastWords.join("\n")}</pre>}
        </dd>
      )}
    </dl>
  );
}

interface Part {
  readonly actions: Actions;
}

function WeightForm({ replica: { name, weight }, actions }: Part & {
  readonly replica: Replica;
}): JSX.Element {
  const store = useStore();
  const wanted = useSignal(String(weight ?? 1));
  const { busy } = actions;
  const requestOf = (value: number): ChangeRequest => ({ weights: { [name]: value } });
  const submit = (event: Event) => {
    event.preventDefault();
    change(Number(wanted.value));
  };
  const change = async (value: number) => {
    if (await actions.change(requestOf(value))) store.dialog.value = undefined;
  };
  return (
    <form onSubmit={submit}>
      <Field label="Weight" hint="0 drains the replica: it stays, and gets no new requests.">
        <input
          type="number"
          min="0"
          max="1000"
          step="any"
          required
          value={wanted.value}
          onInput={(event) => wanted.value = event.currentTarget.value}
        />
      </Field>
      <div class="buttons">
        <button type="submit" disabled={busy.value}>Set weight</button>
        <button type="button" disabled={busy.value} onClick={() => change(0)}>Drain</button>
        <button
          type="button"
          disabled={busy.value}
          onClick={() => actions.plan(requestOf(Number(wanted.value)))}
        >
          Show plan
        </button>
      </div>
    </form>
  );
}

function Drill({ name, actions }: Part & { readonly name: string }): JSX.Element {
  const store = useStore();
  const path = useSignal("/home");
  const running = useSignal(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    running.value = true;
    if (await actions.drill(name, path.value, DRILL_SECONDS)) store.dialog.value = undefined;
    running.value = false;
  };
  return (
    <form onSubmit={submit}>
      <Field
        label="Drill path"
        hint="The drill sends requests to this path, kills the replica, and reports lost requests and latency."
      >
        <input
          required
          pattern="/.*"
          spellcheck={false}
          value={path.value}
          onInput={(event) => path.value = event.currentTarget.value}
        />
      </Field>
      <div class="buttons">
        <button type="submit" disabled={actions.busy.value}>
          {running.value ? "Drilling…" : `Kill ${name} under load`}
        </button>
      </div>
    </form>
  );
}

const DRILL_SECONDS = 3;

/** Two steps, because the action cannot be undone. */
function Removal({ name, actions }: Part & { readonly name: string }): JSX.Element {
  const store = useStore();
  const sure = useSignal(false);
  const request: ChangeRequest = { remove: [name] };
  const remove = async () => {
    if (!sure.value) return void (sure.value = true);
    if (await actions.change(request)) store.dialog.value = undefined;
  };
  return (
    <div class="buttons apart">
      <button type="button" class="danger" disabled={actions.busy.value} onClick={remove}>
        {sure.value ? `Yes, remove ${name}` : "Remove"}
      </button>
      <button type="button" disabled={actions.busy.value} onClick={() => actions.plan(request)}>
        Show plan
      </button>
    </div>
  );
}
