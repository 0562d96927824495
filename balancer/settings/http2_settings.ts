/**
 * Settings of HTTP/2.
 *
 * @module
 */
import { choice, type Setting, whole } from "./setting.ts";

/** The smallest window: the bytes that a client may send before it has read our settings. */
const INITIAL_WINDOW = 65_535;

/** In the order in which the reference lists them. */
export const HTTP2_SETTINGS = {
  LB_HTTP2_CLEARTEXT: choice(
    ["off", "on"],
    "on: the public port serves HTTP/2 without TLS, too, to clients that begin with its preface " +
      "(prior knowledge, h2c)",
  ),
  LB_HTTP2_MAX_STREAMS: whole(
    100,
    1,
    1000,
    "most requests at once on one connection of HTTP/2; RST_STREAM with REFUSED_STREAM above",
  ),
  LB_HTTP2_STREAM_WINDOW_BYTES: whole(
    262144,
    INITIAL_WINDOW,
    16777216,
    "bytes of one request's body that a client of HTTP/2 may send before its replica reads " +
      "them",
  ),
  LB_HTTP2_CONNECTION_WINDOW_BYTES: whole(
    1048576,
    INITIAL_WINDOW,
    67108864,
    "the same for all requests of one connection together; bounds the memory for their bodies",
  ),
} satisfies Record<string, Setting<unknown>>;
