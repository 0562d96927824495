/**
 * Frames of the client that carry no part of a message: priorities, resets, settings, pings and
 * windows.
 *
 * @module
 */
import { FLOW_CONTROL_ERROR, PROTOCOL_ERROR } from "./error_code.ts";
import * as frame from "./frame.ts";
import { checkPriority, protocol } from "./frame_rules.ts";
import { DRAIN_PING, RESET_COST, SessionState } from "./session_state.ts";

/** Handles these frames. {@linkcode Session} extends it by those with fields and content. */
export class ControlFrames extends SessionState {
  /** Whether the client has acknowledged our settings. */
  acknowledged = false;

  /** RFC 9113, 6.3: priorities are ignored. */
  protected onPriority(bytes: Uint8Array, start: number, id: number): void {
    checkPriority(bytes, start, id);
    this.budget.spend(1);
  }

  /** RFC 9113, 6.4. */
  protected onReset(bytes: Uint8Array, start: number, id: number): void {
    if (id > this.lastId || (id & 1) === 0) throw protocol(`RST_STREAM on idle stream ${id}`);
    const stream = this.streams.get(id);
    const costly = stream !== undefined && !stream.responding;
    if (stream) this.endStream(stream, frame.read32(bytes, start));
    this.budget.spend(costly ? RESET_COST : 1);
  }

  /** RFC 9113, 6.5. */
  protected onSettings(bytes: Uint8Array, start: number, end: number, flags: number): void {
    if ((flags & frame.ACK) !== 0) {
      this.acknowledged = true;
      return this.budget.spend(1);
    }
    this.budget.spend(1);
    const { initialWindow, tableBytes } = this.peer;
    this.peer.read(bytes, start, end);
    const { smallestTable } = this.peer;
    // RFC 7541, 4.2: a smaller size in between has evicted entries of the peer, too.
    if (smallestTable < tableBytes) this.encoder.limitTable(smallestTable);
    if (this.peer.tableBytes > smallestTable) this.encoder.limitTable(this.peer.tableBytes);
    // Before DATA that the new windows allow.
    this.frames.settingsAck();
    this.notify();
    this.shiftWindows(this.peer.initialWindow - initialWindow);
  }

  /** RFC 9113, 6.7. */
  protected onPing(bytes: Uint8Array, start: number, flags: number): void {
    this.budget.spend(1);
    if ((flags & frame.ACK) === 0) {
      this.frames.ping(bytes, start, true);
      this.notify();
    } else if (DRAIN_PING.every((byte, i) => byte === bytes[start + i])) this.endService();
  }

  /** RFC 9113, 6.8: the client opens no more streams. */
  protected onGoAway(): void {
    this.budget.spend(1);
    this.peerLeft = true;
    if (this.streams.size === 0) this.listener.onIdle();
  }

  /** RFC 9113, 6.9. */
  protected onWindowUpdate(bytes: Uint8Array, start: number, id: number): void {
    this.budget.spend(1);
    const more = frame.read31(bytes, start);
    if (id === 0) return this.widen(more);
    const stream = this.streams.get(id);
    if (!stream) {
      if (id > this.lastId || (id & 1) === 0) throw protocol(`a window of idle stream ${id}`);
      return;
    }
    if (more === 0) return this.streamError(stream, PROTOCOL_ERROR);
    stream.sendWindow += more;
    if (stream.sendWindow > frame.MAX_WINDOW) return this.streamError(stream, FLOW_CONTROL_ERROR);
    this.queue.windowOpened(stream);
  }
}
