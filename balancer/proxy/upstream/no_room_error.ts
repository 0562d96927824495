/**
 * The error of a request for which there is no connection.
 *
 * @module
 */

/**
 * No connection became available before the request's deadline, or its half-closed client's room
 * was given to another request.
 */
export class NoRoomError extends Error {
  override readonly name = "NoRoomError";

  /** @param reason the scarce resource: file descriptors, or concurrent calls of the API */
  constructor(readonly reason: "files" | "calls" = "files") {
    super(reason === "files" ? "no room for a connection" : "too many calls at once");
  }
}
