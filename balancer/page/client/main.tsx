/**
 * The operator's page.
 *
 * @module
 */
import { type JSX, render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { TouchContext } from "./actions.ts";
import { AddDialog, ShapeDialog } from "./change_dialogs.tsx";
import { Certificates } from "./certificates.tsx";
import { Charts } from "./charts.tsx";
import { Cluster } from "./cluster.tsx";
import { DeployDialog, DeployPanel } from "./deploy_dialog.tsx";
import { DrillPanel } from "./drill_panel.tsx";
import { Events } from "./events.tsx";
import { Feed } from "./feed.ts";
import { Header, Warnings } from "./header.tsx";
import { Incidents } from "./incidents.tsx";
import { blankText } from "./health.ts";
import { KeyBox } from "./key_box.tsx";
import { LogDialog } from "./log_dialog.tsx";
import { MaintenanceDialog } from "./maintenance_dialog.tsx";
import { ReplicaDialog } from "./replica_dialog.tsx";
import { Replicas } from "./replicas.tsx";
import { RingView } from "./ring_view.tsx";
import { Store, StoreContext, tokenOfLink, useStore } from "./store.ts";
import { TokenDialog } from "./token_dialog.tsx";

function Page(): JSX.Element {
  const store = useStore();
  return (
    <>
      <Header />
      <main tabIndex={-1} class={store.live.value === "lost" ? "stale" : ""}>
        <Body />
      </main>
      <OpenDialog />
      <Notices />
    </>
  );
}

/** Nothing is claimed about a balancer whose state is not known. */
function Body(): JSX.Element {
  const store = useStore();
  const { status, live, barred, refused } = store;
  if (!status.value) {
    return (
      <section class="card blank">
        <p>
          {blankText({
            status: undefined,
            live: live.value,
            barred: barred.value,
            refused: refused.value,
          })}
        </p>
        {barred.value !== undefined && (
          <button
            type="button"
            class="primary"
            onClick={() => store.dialog.value = { of: "token" }}
          >
            Enter a token…
          </button>
        )}
      </section>
    );
  }
  return (
    <>
      <Warnings />
      <DeployPanel />
      <DrillPanel />
      <Charts />
      <Cluster />
      <Certificates />
      <div class="column wide-column">
        <Incidents />
        <Replicas />
        <KeyBox />
      </div>
      <div class="column">
        <RingView />
        <Events />
      </div>
    </>
  );
}

function OpenDialog(): JSX.Element | null {
  const dialog = useStore().dialog.value;
  switch (dialog?.of) {
    case "add":
      return <AddDialog />;
    case "shape":
      return <ShapeDialog />;
    case "token":
      return <TokenDialog />;
    case "deploy":
      return <DeployDialog />;
    case "log":
      return <LogDialog />;
    case "maintenance":
      return <MaintenanceDialog />;
    case "replica":
      return <ReplicaDialog name={dialog.name} />;
    case undefined:
      return null;
  }
}

function Notices(): JSX.Element {
  const store = useStore();
  return (
    <div class="notices" role="status">
      {store.notices.value.map(({ id, text, bad }) => (
        <p key={id} class={bad ? "notice bad" : "notice"}>
          <span>{text}</span>
          <button
            type="button"
            class="quiet"
            aria-label="Dismiss"
            onClick={() =>
              store.dismiss(id)}
          >
            ✕
          </button>
        </p>
      ))}
    </div>
  );
}

function start(): void {
  const store = new Store();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => store.theme.value = dark.matches ? "dark" : "light";
  dark.addEventListener("change", follow);
  follow();
  // Following a link to the page in a tab that already shows the page loads nothing.
  addEventListener("hashchange", () => {
    const token = tokenOfLink();
    if (token !== undefined) store.keepToken(token);
  });
  const feed = new Feed(store);
  const page = document.getElementById("page");
  if (!page) throw new TypeError("the page has no #page");
  render(
    <StoreContext.Provider value={store}>
      <TouchContext.Provider value={() => feed.touch()}>
        <Page />
      </TouchContext.Provider>
    </StoreContext.Provider>,
    page,
  );
  feed.start();
}

start();
