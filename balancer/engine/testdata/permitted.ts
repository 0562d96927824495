// Uses the docker engine without starting anything, to check that its permissions suffice.
import { DockerEngine } from "../docker.ts";

const engine = new DockerEngine({
  ...{
    connection: { socketPath: "/var/run/docker.sock" },
    fleet: "test-permissions",
    prefix: "",
    image: "none",
  },
  ...{ port: 5000, env: {}, network: "none", reach: "network", onProgress: () => {} },
  ...{ pull: "missing", pullTimeoutMs: 60_000, dockerConfig: "" },
  failures: { record: (_action, error) => void Promise.reject(error) },
});
const watch = await engine.watch((event) => void Promise.reject(event));
await engine.list();
watch.close();
await engine.close();
