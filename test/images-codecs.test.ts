import { bmp } from "../src/images/bmp.js";
import { jpeg } from "../src/images/jpeg.js";
import { png } from "../src/images/png.js";
import { pgm, ppm } from "../src/images/pnm.js";
import { tiff } from "../src/images/tiff.js";
import { type PictureKind, testImageCodec } from "./contracts/image-codec.js";

const all = (dtype: PictureKind["dtype"]): PictureKind[] => [
  { dtype, color: "gray" },
  { dtype, color: "bgr" },
  { dtype, color: "bgra" },
];

testImageCodec(png, {
  lossless: true,
  kinds: [...all("uint8"), ...all("uint16")],
  refused: { dtype: "float32", color: "gray" },
});
testImageCodec(tiff, {
  lossless: true,
  kinds: (["uint8", "uint16", "int8", "int16", "uint32", "int32", "float32", "float64"] as const).flatMap(
    all,
  ),
  refused: { dtype: "float32", color: "native" },
});
testImageCodec(bmp, { lossless: true, kinds: all("uint8"), refused: { dtype: "uint16", color: "gray" } });
testImageCodec(pgm, {
  lossless: true,
  kinds: [
    { dtype: "uint8", color: "gray" },
    { dtype: "uint16", color: "gray" },
  ],
  refused: { dtype: "uint8", color: "bgr" },
});
testImageCodec(ppm, {
  lossless: true,
  kinds: [
    { dtype: "uint8", color: "bgr" },
    { dtype: "uint16", color: "bgr" },
  ],
  refused: { dtype: "uint8", color: "gray" },
});
testImageCodec(jpeg, {
  lossless: false,
  kinds: [
    { dtype: "uint8", color: "gray" },
    { dtype: "uint8", color: "bgr" },
  ],
  refused: { dtype: "uint8", color: "bgra" },
});
