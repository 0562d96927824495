/**
 * The dialog that begins, changes and ends a maintenance.
 *
 * @module
 */
import type { JSX, TargetedEvent } from "preact";
import { type MaintenanceRequest, useActions } from "./actions.ts";
import { Dialog, entries, Fault, Field } from "./dialog.tsx";
import { clock, duration } from "./format.ts";
import { useStore } from "./store.ts";

/** Shows and changes the maintenance. */
export function MaintenanceDialog(): JSX.Element {
  const store = useStore();
  const actions = useActions();
  const maintenance = store.status.value?.maintenance;
  const close = (done: boolean) => {
    if (done) store.dialog.value = undefined;
  };
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    close(await actions.beginMaintenance(requestOf(entries(event.currentTarget))));
  };
  return (
    <Dialog title="Maintenance">
      <p>
        {maintenance
          ? `In force since ${clock(Date.parse(maintenance.since))}, for ${
            duration(store.now.value - Date.parse(maintenance.since))
          }.`
          : "Every new request, on all routes, is answered 503 until you end the maintenance. Requests in flight finish; healing and this page go on."}
      </p>
      <form onSubmit={submit}>
        <Field label="Message" hint="Text of the responses to clients.">
          <input
            name="message"
            maxLength={1024}
            autocomplete="off"
            placeholder="the service is in maintenance; try again later"
            defaultValue={maintenance?.message}
          />
        </Field>
        <Field label="Try again after" hint="Seconds, as Retry-After in the responses.">
          <input
            name="retryAfterS"
            type="number"
            min="1"
            max="86400"
            required
            defaultValue={maintenance?.retryAfterS ?? 60}
          />
        </Field>
        <Field
          label="Served networks"
          hint="Clients of these networks are served all the same, such as 10.0.0.0/8. Separated by spaces."
        >
          <input
            name="allow"
            autocomplete="off"
            spellcheck={false}
            defaultValue={maintenance?.allow.join(" ")}
          />
        </Field>
        <Fault text={actions.error.value} />
        <div class="buttons">
          <button
            type="submit"
            class={maintenance ? "" : "danger"}
            disabled={actions.busy.value}
          >
            {maintenance ? "Change" : "Begin maintenance"}
          </button>
          {maintenance && (
            <button
              type="button"
              class="primary"
              disabled={actions.busy.value}
              onClick={async () => close(await actions.endMaintenance())}
            >
              End maintenance
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

function requestOf({ message, retryAfterS, allow = "" }: Record<string, string>) {
  return {
    ...(message ? { message } : {}),
    retryAfterS: Number(retryAfterS),
    allow: allow.split(/[\s,]+/).filter((network) => network !== ""),
  } satisfies MaintenanceRequest;
}
