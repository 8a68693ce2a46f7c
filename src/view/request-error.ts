import { MareyError } from "../core/errors.js";

/** Why a request from outside is not done. */
export type RequestCode =
  | "HOST"
  | "ORIGIN"
  | "TOKEN"
  | "METHOD"
  | "NOT_FOUND"
  | "CAMERA"
  | "CONTENT_TYPE"
  | "TOO_LARGE"
  | "BAD_REQUEST"
  | "BUSY"
  | "NOT_SAVING"
  | "NO_ANSWER"
  | "OVER";

const statuses: Readonly<Record<RequestCode, number>> = {
  ...{ HOST: 421, ORIGIN: 403, TOKEN: 401, METHOD: 405, NOT_FOUND: 404, CAMERA: 404, CONTENT_TYPE: 415 },
  ...{ TOO_LARGE: 413, BAD_REQUEST: 400, BUSY: 503, NOT_SAVING: 409, NO_ANSWER: 504, OVER: 409 },
};

/** Something was asked from outside that cannot or may not be done. */
export class RequestError extends MareyError {
  readonly code: RequestCode;

  constructor(code: RequestCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Of the HTTP answer. */
  get status(): number {
    return statuses[this.code];
  }
}

/** A port or a socket file cannot be listened on. */
export class ListenError extends MareyError {
  readonly code = "LISTEN";
  /** `host:port`, or the path. */
  readonly place: string;

  constructor(place: string, found: string, options?: ErrorOptions) {
    super(`cannot listen on ${place}: ${found}`, options);
    this.place = place;
  }
}
