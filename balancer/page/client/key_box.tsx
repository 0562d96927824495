/**
 * The destination of a key, and the reason.
 *
 * @module
 */
import { useSignal } from "@preact/signals";
import type { JSX, TargetedEvent } from "preact";
import { useRef } from "preact/hooks";
import { ApiError } from "./api.ts";
import { entries, Fault, Field } from "./dialog.tsx";
import { inFormWords } from "./form_words.ts";
import type { Explanation } from "../../answers/explanation.ts";
import { Swatch } from "./plan_panel.tsx";
import { useStore } from "./store.ts";
import { useKeptFocus } from "./use_kept_focus.ts";

/** Limit on the listed successors. */
const NEXT = 5;

/** The card with the key's input and its explanation. */
export function KeyBox(): JSX.Element {
  const store = useStore();
  const error = useSignal<string | undefined>(undefined);
  const ask = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { way = "key", text = "" } = entries(event.currentTarget);
    error.value = undefined;
    try {
      store.explained.value = await store.api.get<Explanation>(
        `explain?${way}=${encodeURIComponent(text)}`,
      );
    } catch (fault) {
      if (!(fault instanceof ApiError)) throw fault;
      store.explained.value = undefined;
      error.value = inFormWords(fault.message);
    }
  };
  return (
    <section class="card key" aria-labelledby="key-title">
      <header>
        <h2 id="key-title">Where does a request go?</h2>
      </header>
      <form class="inline" onSubmit={ask}>
        <Field label="By">
          <select name="way">
            <option value="key">key</option>
            <option value="id">id</option>
            <option value="path">path</option>
          </select>
        </Field>
        <Field label="Key, id or path">
          <input name="text" required autocomplete="off" spellcheck={false} placeholder="alice" />
        </Field>
        <button type="submit" class="primary">Explain</button>
      </form>
      <Fault text={error.value} />
      <div aria-live="polite">{store.explained.value && <Answer {...store.explained.value} />}</div>
    </section>
  );
}

function Answer(
  { reason, slot, hashedAs, hash, owner, successors, entry, replicas }: Explanation,
): JSX.Element {
  const store = useStore();
  const element = useRef<HTMLDivElement>(null);
  useKeptFocus(element, ".key input");
  const clear = () => store.explained.value = undefined;
  return (
    <div ref={element} class="answer">
      <p class="reason">{reason}</p>
      <dl class="facts">
        <dt>Slot</dt>
        <dd>{slot}, marked on the ring</dd>
        <dt>Owner</dt>
        <dd>
          <Swatch name={owner} />
        </dd>
        <dt>Hashed as</dt>
        <dd>{hashedAs}{hash === null ? "" : `, 0x${hash.toString(16).padStart(8, "0")}`}</dd>
        <dt>Next</dt>
        <dd class="row">
          {successors.slice(0, NEXT).map((name) => <Swatch key={name} name={name} />)}
          {successors.length > NEXT && <span class="soft">and {successors.length - NEXT} more
          </span>}
          {successors.length === 0 && "no other replica"}
        </dd>
        <dt>Clients speak</dt>
        <dd>{clientText(entry)}</dd>
        <dt>Replica speaks</dt>
        <dd>{schemeText(replicas.find(({ name }) => name === owner)?.scheme)}</dd>
      </dl>
      <button type="button" onClick={clear}>Clear</button>
    </div>
  );
}

/** Protocols, versions of TLS, and streams. */
function clientText({ protocols, streams, tls }: Explanation["entry"]): string {
  const parts = [protocols.join(" and ")];
  if (tls) parts.push(`${tls.protocols.join(" and ")} over TLS ${tls.versions.join(" and ")}`);
  const http2 = [...protocols, ...tls?.protocols ?? []].includes("h2");
  if (http2) parts.push(`${streams} streams a connection`);
  if (tls?.match === "default") parts.push(`default certificate ${tls.certificate?.join(", ")}`);
  return parts.join("; ");
}

function schemeText(scheme: "http" | "https" | null | undefined): string {
  if (scheme === "https") return "http/1.1 over TLS";
  return scheme === "http" ? "http/1.1" : "nothing: it is not ready";
}
