/**
 * HTTP header fields of the page and its files.
 *
 * @module
 */

/** Fields of every answer of the page. */
export const SECURITY: Readonly<Record<string, string>> = {
  // Only files from this origin, no inline script: an injected script has no source to load from,
  // and no destination to send data to.
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
  // For browsers without frame-ancestors: prevents clickjacking in a frame.
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

/** A file's name contains its hash, so the file can be cached forever. */
export const FOR_EVER = "public, max-age=31536000, immutable";

/** The page names the files, so a cached old page would request files that no longer exist. */
export const ASK_FIRST = "no-cache";
