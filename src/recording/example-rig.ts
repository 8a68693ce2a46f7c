/** A rig with every key there is, each with a word on what it means; `examples/rig.yaml` is the same. */
export const exampleRig = `\
# Cameras that are recorded together. Every key there is; only "cameras" is needed, and of a camera only "name" and "camera".
#   Sizes: 2 GiB, 500 MB, 4096 (bytes).   Durations: 30s, 10min, 2h, 1:30:00, 12.5 (seconds).   Times are local.

directory: recordings                # folder of the stores; the current one if nothing is said
# Names of stores below it: {name} of the camera, {time} of the first frame, in the letters of strftime, {count} of the
# store in this recording, from 1. {count:03d} is 001.
pattern: "{time:%Y%m%d_%H%M%S}/{name}"

metadata:                            # kept in all stores; anything YAML can spell
  experiment: open field
  animal: 12

# ---- when ----

seconds: 2h                          # length of a recording; without it, until it is ended
frames: 720000                       # of each camera; whichever comes first
until: 18:30                         # the next 18:30; or a date: 2026-03-01 18:30:00
armed: false                         # true: wait for a trigger, the schedule, or a call
preTrigger: 5s                       # saved from before the beginning, too

rotate:                              # a store is left for the next one, and no frame is lost between them
  every: hour                        # hour, day (full ones), or a duration
  bytes: 50 GB                       # of one camera's store

schedule:                            # saving begins and ends by these; otherwise cameras only run
  - cron: "*/30 8-18 * * mon-fri"    # a crontab line: minute, hour, day of the month, month, day of the week
    seconds: 10min                   # saved each time
  - from: 22:00                      # every day; this one over midnight
    to: 06:00

triggers:                            # saving goes on …
  file: /tmp/record                  # … as long as this file is there
  signal: SIGUSR1                    # … from one signal to the next; or SIGUSR2

# ---- how safe ----

durability: second                   # flush, second, frame: what a written frame has survived (see createStore)
minFree: 5 GiB                       # stays free on the disk
silence: 5s                          # without a frame for so long, a camera is opened anew

# ---- what holds for every camera that does not say otherwise ----

defaults:
  rate: 100                          # frames a second
  format: avc1/mp4                   # of the store: npy, png, avc1/mp4, ffv1/mkv, raw …; without it, what fits the camera
  chunkSize: 10000                   # frames a chunk
  queueBytes: 512 MiB                # pixels that may wait for the disk
  drop: newest                       # what goes when they are full: newest, oldest; fail ends the camera's recording
  timeout: 5s                        # longest wait for a frame; 0 waits for ever

cameras:
  - name: top                        # names its stores: letters, digits, -, _ and .
    camera: synthetic:1280x1024      # a driver's scheme, and its address
    quality: 20                      # of the encoder, as the format counts it
    gop: 30                          # frames from keyframe to keyframe
    preset: veryfast                 # x264's and x265's names
    fps: 100                         # for players; the true times are in the store
    threads: 2                       # of the encoder; 0 lets it choose
    hardware: none                   # auto: an encoder in hardware, if one works
    metadata:
      position: above
  - name: side
    camera: synthetic
    width: 640                       # what the camera is asked for; it takes the nearest it has
    height: 480
    rate: 50
    dtype: uint8                     # uint8, uint16
    color: gray                      # gray, bgr, bayer-rg, bayer-gr, bayer-gb, bayer-bg
    pixelFormat: GREY                # the driver's own name for how pixels come; without it, what costs least
    settings:                        # what only this kind of camera has: "marey cameras" lists them
      exposure_absolute: 100
`;
