// Recording with a process for each camera: the door "marey/recording".

export { type CronLine, nextAfter, parseCron } from "./cron.js";
export { exampleRig } from "./example-rig.js";
export { type IndexProfile, type IntervalPoint, indexProfile } from "./index-profile.js";
export { makeReceipt } from "./make-receipt.js";
export type * from "./receipt.js";
export { receiptPage } from "./receipt-page.js";
export { Recording, type StartOptions, startRecording } from "./recording.js";
export type { CronHours, DailyHours, Rig, RigCamera, Rotation, SavingHours, Triggers } from "./rig.js";
export { parseRig, type ReadRigOptions, RigFileError, type RigProblem, readRig } from "./rig-file.js";
export { nextSaving, type SavingSpan } from "./saving-hours.js";
export { freePath, parseStorePattern, type StoreFacts, type StorePattern } from "./store-names.js";
export { type StorePageFacts, storePage } from "./store-page.js";
export { RigTrack, type SavedStore, TrackError, type TrackEvent } from "./track.js";
export type { CameraFacts, ExtraAnswer, SavedCounts, ToldError, TrackStatus } from "./track-messages.js";
export { recordingReceipt, writeReceipt } from "./write-receipt.js";
