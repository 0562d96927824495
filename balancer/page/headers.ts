/**
 * What the page and its files tell the browser about themselves.
 *
 * @module
 */

/** Fields of every answer of the page. */
export const SECURITY: Readonly<Record<string, string>> = {
  // Nothing but files of our own, nothing written into the page: an injected script has nowhere to
  // come from, and nowhere to send what it would find.
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
  ].join("; "),
  // For browsers that know no frame-ancestors: a page in a frame could be clicked unseen.
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": [
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
  ].map((feature) => `${feature}=()`).join(", "),
};

/** The name of a file changes with what is in it, so it need not be asked for twice. */
export const FOR_EVER = "public, max-age=31536000, immutable";

/** The page names the files, so an old one would ask for what is gone. */
export const ASK_FIRST = "no-cache";
