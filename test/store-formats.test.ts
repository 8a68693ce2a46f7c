import { avc1Mp4 } from "../src/formats/avc1-mp4.js";
import { bmp } from "../src/formats/bmp.js";
import { h264Mkv } from "../src/formats/h264-mkv.js";
import { jpg } from "../src/formats/jpg.js";
import { mjpegAvi } from "../src/formats/mjpeg-avi.js";
import { npy } from "../src/formats/npy.js";
import { pgm } from "../src/formats/pgm.js";
import { png } from "../src/formats/png.js";
import { ppm } from "../src/formats/ppm.js";
import { tif } from "../src/formats/tif.js";
import { testChunkFormat } from "./contracts/chunk-format.js";

const formats = [npy, png, tif, bmp, ppm, pgm, jpg, mjpegAvi, avc1Mp4, h264Mkv];

for (const format of formats) testChunkFormat(format, formats);
