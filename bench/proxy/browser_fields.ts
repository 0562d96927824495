/**
 * Header fields as a browser sends them, about 700 bytes.
 *
 * @module
 */

/** One field a line, as on the wire. */
export const BROWSER_FIELDS: readonly string[] = [
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " +
  "Chrome/131.0.0.0 Safari/537.36",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
  "Cache-Control: no-cache",
  "Pragma: no-cache",
  'Sec-Ch-Ua: "Chromium";v="131", "Not_A Brand";v="24"',
  "Sec-Ch-Ua-Mobile: ?0",
  'Sec-Ch-Ua-Platform: "Linux"',
  "Sec-Fetch-Dest: document",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Site: same-origin",
  "Upgrade-Insecure-Requests: 1",
  "Referer: http://localhost/account/orders?page=2&sort=date",
  "Cookie: session=4f2c9a7e1b6d4c0f8e3a5d7b9c1e2f40; theme=dark; consent=1",
];
