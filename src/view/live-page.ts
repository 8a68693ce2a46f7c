import { createHash } from "node:crypto";
import { pageScript } from "./page-script.js";
import { pageStyle } from "./page-style.js";

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Marey: live</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>Marey</h1>
<p id="state" role="status">connecting</p>
<div class="buttons" role="group" aria-label="Saving">
<button id="begin" type="button" disabled>Begin</button>
<button id="end" type="button" disabled>End</button>
</div>
</header>
<p id="hint" hidden>To steer the recording, open the address that was printed when it began: it carries the token.</p>
<main id="cameras" aria-label="Cameras"></main>
<section aria-label="Notes">
<form id="note">
<label for="text">Note, tied to the frame of this moment</label>
<div class="line">
<input id="text" name="text" autocomplete="off" maxlength="2000" disabled>
<select id="of" aria-label="Of which camera" disabled><option value="">all cameras</option></select>
<button id="keep" disabled>Keep</button>
</div>
</form>
<p id="answer" role="status"></p>
</section>
<section aria-label="What happened"><ol id="events"></ol></section>
<footer>
<label>Pictures <select id="kind"><option value="jpeg">JPEG</option><option value="h264">H.264, for narrow links</option></select></label>
<label>a second <select id="rate"><option>2</option><option>5</option><option selected>10</option><option>20</option><option>30</option></select></label>
</footer>
<script>${pageScript}</script>
</body>
</html>
`;

const hashes = [pageScript, pageStyle].map(
  (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`,
);

/** The page at `/`: all of it in one file. */
export const livePage = {
  html,
  /** Its Content-Security-Policy. @param host as the request has it, which was checked. */
  policy: (host: string): string =>
    [
      "default-src 'none'",
      `script-src ${hashes[0]}`,
      `style-src ${hashes[1]}`,
      "img-src 'self' data:",
      // Not all browsers take a WebSocket for 'self'.
      `connect-src 'self' ws://${host} wss://${host}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
};
