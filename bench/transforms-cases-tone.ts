// Geometry, tones and colours.
import type { TransformCase } from "./transforms-case.js";

const both = ["gray", "bgr"] as const;
const resized = (width: number, height: number, code: string): string =>
  `cv2.resize(a, (${width}, ${height}), interpolation=cv2.INTER_${code})`;
const turn = (code: string): string =>
  `cv2.warpAffine(a, cv2.getRotationMatrix2D((639.5, 359.5), 10, 1), (1280, 720), flags=cv2.INTER_${code})`;
const equalizedLuma =
  "cv2.cvtColor(cv2.merge([cv2.equalizeHist((y := cv2.split(cv2.cvtColor(a, cv2.COLOR_BGR2YCrCb)))[0]), *y[1:]]), cv2.COLOR_YCrCb2BGR)";

export const toneCases: readonly TransformCase[] = [
  { transform: "pad:20", peer: "cv2.copyMakeBorder(a, 20, 20, 20, 20, cv2.BORDER_CONSTANT)", colors: both },
  { transform: "resize:0.5", peer: resized(640, 360, "AREA"), colors: both },
  { transform: "resize:width=500,height=300", peer: resized(500, 300, "AREA"), colors: both },
  { transform: "resize:width=640,height=480,method=linear", peer: resized(640, 480, "LINEAR"), colors: both },
  { transform: "resize:1.5,method=linear", peer: resized(1920, 1080, "LINEAR"), colors: both },
  { transform: "resize:1.5", peer: resized(1920, 1080, "CUBIC"), colors: both },
  { transform: "resize:1.5,method=lanczos", peer: resized(1920, 1080, "LANCZOS4"), colors: both },
  { transform: "resize:1.5,method=nearest", peer: resized(1920, 1080, "NEAREST"), colors: both },
  { transform: "rotate:90", peer: "cv2.rotate(a, cv2.ROTATE_90_COUNTERCLOCKWISE)", colors: both },
  { transform: "rotate:180", peer: "cv2.rotate(a, cv2.ROTATE_180)", colors: both },
  { transform: "transpose", peer: "cv2.transpose(a)", colors: both },
  { transform: "affine:angle=10,interpolation=nearest", peer: turn("NEAREST"), colors: both },
  { transform: "affine:angle=10", peer: turn("LINEAR"), colors: both },
  { transform: "affine:angle=10,interpolation=cubic", peer: turn("CUBIC"), colors: both },
  { transform: "affine:angle=10,interpolation=lanczos", peer: turn("LANCZOS4"), colors: both },
  { transform: "grayscale", peer: "cv2.cvtColor(a, cv2.COLOR_BGR2GRAY)", colors: ["bgr"] },
  { transform: "grayscale:mean", peer: "cv2.transform(a, np.full((1, 3), 1 / 3))", colors: ["bgr"] },
  { transform: "channel:green", peer: "cv2.extractChannel(a, 1)", colors: ["bgr"] },
  { transform: "merge:red=0,blue=0", peer: "cv2.merge([a, np.zeros_like(a), a])", colors: ["gray"] },
  {
    transform: "mix:0.2,0.7,0.1,-0.5,1.5,0,0,0.25,0.8",
    peer: "cv2.transform(a, np.float64([[0.8, 0.25, 0], [0, 1.5, -0.5], [0.1, 0.7, 0.2]]))",
    colors: ["bgr"],
  },
  { transform: "swap", peer: "cv2.cvtColor(a, cv2.COLOR_BGR2RGB)", colors: ["bgr"] },
  { transform: "swap:bgra", peer: "cv2.cvtColor(a, cv2.COLOR_BGR2BGRA)", colors: ["bgr"] },
  {
    transform: "brightness-contrast:-20,contrast=1.5",
    peer: "cv2.convertScaleAbs(a, alpha=1.5, beta=-20)",
    colors: both,
  },
  { transform: "gamma:2.2", peer: "cv2.LUT(a, table)", colors: both },
  { transform: "curve", peer: "cv2.LUT(a, table)", colors: both },
  { transform: "lut:0,255,255,0", peer: "cv2.LUT(a, table)", colors: both },
  { transform: "invert", peer: "cv2.bitwise_not(a)", colors: both },
  {
    transform: "auto-contrast",
    peer: "(lambda h: cv2.convertScaleAbs(a, alpha=255 / (np.searchsorted(h, 0.99 * h[-1]) - np.searchsorted(h, 0.01 * h[-1]))))(np.cumsum(cv2.calcHist([a if a.ndim == 2 else cv2.cvtColor(a, cv2.COLOR_BGR2GRAY)], [0], None, [256], [0, 256])))",
    colors: both,
  },
  { transform: "equalize", peer: "cv2.equalizeHist(a)", colors: ["gray"] },
  { transform: "equalize", peer: equalizedLuma, colors: ["bgr"] },
  { transform: "binarize", peer: "cv2.threshold(a, 0, 255, cv2.THRESH_OTSU)[1]", colors: ["gray"] },
  { transform: "binarize:100", peer: "cv2.threshold(a, 100, 255, cv2.THRESH_BINARY)[1]", colors: ["gray"] },
  {
    transform: "rescale",
    peer: "cv2.normalize(a, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)",
    colors: ["gray"],
    dtype: "uint16",
  },
  {
    transform: "rescale",
    peer: "cv2.normalize(a, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)",
    colors: ["gray"],
    dtype: "float32",
  },
  { transform: "demosaic", peer: "cv2.demosaicing(a, cv2.COLOR_BayerBG2BGR)", colors: ["bayer-rg"] },
  { transform: "colormap", peer: "cv2.applyColorMap(a, cv2.COLORMAP_VIRIDIS)", colors: ["gray"] },
];
