// Encoded pixels to BGR against OpenCV, one thread each; see README.md beside this file.
import { fileURLToPath } from "node:url";
import { inTurns, printTable, type Row, runJson } from "./measure.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const peers = fileURLToPath(new URL("../../../bench/peers/", import.meta.url));

const cases = [
  ["cv_bayerbg", "BayerBG2BGR", 1280, 1024, 1, "uint8"],
  ["cv_bayerbg", "BayerBG2BGR", 1280, 1024, 1, "uint16"],
  ["cv_yuv_nv12", "YUV2BGR_NV12", 1280, 1536, 1, "uint8"],
  ["cv_yuv_yuyv", "YUV2BGR_YUYV", 1280, 1024, 2, "uint8"],
  ["cv_ycrcb", "YCrCb2BGR", 1280, 1024, 3, "uint8"],
  ["cv_hsv", "HSV2BGR", 1280, 1024, 3, "uint8"],
  ["cv_hls", "HLS2BGR", 1280, 1024, 3, "uint8"],
  ["cv_lab", "Lab2BGR", 1280, 1024, 3, "uint8"],
  ["cv_luv", "Luv2BGR", 1280, 1024, 3, "uint8"],
  ["cv_lab", "Lab2BGR", 1280, 1024, 3, "float32"],
] as const;

const rows = cases.map(([encoding, conversion, ...shape]): Row => {
  const size = [...shape.map(String), "60"];
  const { marey, opencv } = inTurns(
    {
      marey: () => runJson("node", [`${here}pixels-task.js`, encoding, ...size]).fps!,
      opencv: () => runJson("/usr/bin/python3", [`${peers}pixels.py`, conversion, ...size]).fps!,
    },
    "more",
  );
  return { what: `${encoding}, ${shape[3]}`, marey, unit: "f/s", peer: "OpenCV", theirs: opencv };
});
printTable("Encoded pixels to BGR, 1280x1024", rows);
