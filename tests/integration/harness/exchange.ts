/**
 * A request that a replica has read and not answered yet.
 *
 * @module
 */
import { type RawConnection, RawUpstream } from "../../harness/raw.ts";
import { DataPlaneHarness, getOf, type HarnessSettings } from "./data_plane.ts";

/** One data plane, one replica, and one request between them. */
export class Exchange implements AsyncDisposable {
  private constructor(
    readonly server: RawUpstream,
    readonly bench: DataPlaneHarness,
    /** The client's connection. */
    readonly client: RawConnection,
    /** The replica's side of the connection that carries the request. */
    readonly serving: RawConnection,
  ) {}

  /** Starts a data plane with `Server1`, and sends a request that the replica reads. */
  static async begin(settings: HarnessSettings = {}): Promise<Exchange> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(new RawUpstream());
    const bench = stack.use(await DataPlaneHarness.open(settings));
    await bench.publish({ ready: { Server1: server } });
    const client = stack.use(await bench.connect());
    await client.send(getOf("Server1"));
    const serving = await server.accept();
    await serving.request();
    stack.move();
    return new Exchange(server, bench, client, serving);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.bench[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
