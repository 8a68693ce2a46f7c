// Looking at a running recording, and steering it, from outside: the door "marey/view".

export { followLines } from "./command-lines.js";
export { type ControlSocket, listenForLines } from "./control-socket.js";
export type * from "./live-recording.js";
export { LiveServer, type ServeOptions, serveLive } from "./live-server.js";
export { type ReceivedPicture, readPictureMessage } from "./picture-message.js";
export { ListenError, type RequestCode, RequestError } from "./request-error.js";
