// Recording with a process for each camera: the door "marey/recording".

export { Recording, type StartOptions, startRecording } from "./recording.js";
export type { Rig, RigCamera, Rotation, SavingHours, Triggers } from "./rig.js";
export { RigTrack, type SavedStore, TrackError, type TrackEvent } from "./track.js";
export type { CameraFacts, ExtraAnswer, SavedCounts, ToldError, TrackStatus } from "./track-messages.js";
