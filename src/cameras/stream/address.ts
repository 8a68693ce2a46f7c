import { withoutSecrets } from "../../capture/without-secrets.js";
import { CameraError } from "../../core/errors.js";
import type { StreamSettings } from "./settings.js";

/** A stream's address, split into what may be seen and what may not. */
export interface StreamAddress {
  /** As FFmpeg takes it, with user and password. */
  readonly url: string;
  /** Without user, password or token: for ids, errors, metadata. */
  readonly id: string;
  readonly scheme: string;
}

interface Protocol {
  /** FFmpeg's protocols that the stream may lead to; none that reads files or starts programs is ever among them. */
  readonly protocols: string;
  /** FFmpeg's demuxers that may be chosen by what comes. */
  readonly formats: string;
  readonly options?: Readonly<Record<string, string>>;
  /** What makes Marey the one that is called; undefined if it cannot be, or always is. */
  readonly listen?: Readonly<Record<string, string>>;
}

/** No hour is long enough for a camera that will be switched on tomorrow; in FFmpeg's seconds, which it counts in milliseconds. */
const longestListen = "2000000";

const rtsp: Protocol = {
  protocols: "rtsp,rtp,tcp,udp",
  formats: "rtsp",
  // Where sound is asked for too, FFmpeg moves the clock of the picture when it learns that of the sound.
  options: { allowed_media_types: "video" },
  listen: { rtsp_flags: "listen", listen_timeout: longestListen },
};
const rtmp: Protocol = { protocols: "rtmp,tcp", formats: "flv,live_flv", listen: { listen: "1" } };
const http: Protocol = {
  protocols: "http,tcp",
  formats: "mpjpeg,mpegts,flv,live_flv,matroska",
  options: { seekable: "0" },
};

const schemes: { readonly [scheme: string]: Protocol } = {
  rtsp,
  rtsps: { ...rtsp, protocols: "rtsp,rtp,tcp,udp,tls" },
  rtmp,
  rtmps: { ...rtmp, protocols: "rtmp,rtmps,tcp,tls" },
  http,
  https: { ...http, protocols: "http,https,httpproxy,tcp,tls" },
  udp: { protocols: "udp", formats: "mpegts", options: { overrun_nonfatal: "1" } },
  tcp: { protocols: "tcp", formats: "mpegts,flv,live_flv,matroska", listen: { listen: "1" } },
  srt: { protocols: "srt", formats: "mpegts", listen: { mode: "listener" } },
};

/** Schemes of addresses that are streams. */
export const streamSchemes = Object.keys(schemes);

/** @throws {CameraError} if it is no address of a stream; it never repeats a password. */
export function parseStreamAddress(text: string): StreamAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? "";
  const id = withoutSecrets(text);
  if (!Object.hasOwn(schemes, scheme)) {
    throw new CameraError(`stream:${id}`, `an address begins with one of ${streamSchemes.join("://, ")}://`);
  }
  if (!/^[a-z]+:\/\/[^/?#]/i.test(text)) throw new CameraError(id, "an address is SCHEME://HOST…");
  if (/[\s\p{Cc}]/u.test(text)) throw new CameraError(id, "an address has no spaces; write them %20");
  return { url: text, id, scheme };
}

/** What FFmpeg opens it with. @throws {CameraError} if it cannot be waited for, though it is asked to be. */
export function optionsOf({ id, scheme }: StreamAddress, settings: StreamSettings): Record<string, string> {
  const { protocols, formats, options, listen } = schemes[scheme]!;
  if (settings.listen && listen === undefined) {
    const found = scheme === "udp" ? "UDP always listens" : `${scheme} cannot listen`;
    throw new CameraError(id, `listen: ${found}`);
  }
  return {
    protocol_whitelist: protocols,
    format_whitelist: formats,
    ...options,
    ...(scheme.startsWith("rtsp") && {
      rtsp_transport: settings.transport,
      max_delay: String(Math.round(settings.latency * 1e6)),
    }),
    ...(settings.listen && listen),
  };
}
