// The filters against OpenCV: what Marey does, and the Python expression over `img` that does the same.
import { box, clahe, flatField, gaussian, median, sharpen } from "../src/index.js";

const claheColor =
  "(lambda y: cv2.cvtColor(np.dstack((cv2.createCLAHE(2, (8, 8)).apply(y[..., 0]), y[..., 1:])), cv2.COLOR_YCrCb2BGR))(cv2.cvtColor(img, cv2.COLOR_BGR2YCrCb))";

export const filterCases = [
  {
    name: "clahe",
    transform: clahe(),
    peer: `cv2.createCLAHE(2, (8, 8)).apply(img) if img.ndim == 2 else ${claheColor}`,
  },
  { name: "gaussian, sigma 1", transform: gaussian(), peer: "cv2.GaussianBlur(img, (0, 0), 1)" },
  { name: "gaussian, sigma 5", transform: gaussian({ sigma: 5 }), peer: "cv2.GaussianBlur(img, (0, 0), 5)" },
  { name: "box 3x3", transform: box(), peer: "cv2.blur(img, (3, 3))" },
  { name: "box 31x31", transform: box({ radius: 15 }), peer: "cv2.blur(img, (31, 31))" },
  { name: "median 3x3", transform: median(), peer: "cv2.medianBlur(img, 3)" },
  { name: "median 5x5", transform: median({ size: 5 }), peer: "cv2.medianBlur(img, 5)" },
  { name: "median 15x15", transform: median({ size: 15 }), peer: "cv2.medianBlur(img, 15)" },
  {
    name: "flat field, sigma 100",
    transform: flatField({ sigma: 100 }),
    peer: `(lambda f: np.clip(img * ((f.mean() / f) if img.ndim == 2 else (f.mean() / f)[..., None]), 0, np.iinfo(img.dtype).max).astype(img.dtype))(cv2.GaussianBlur((img if img.ndim == 2 else cv2.cvtColor(img, cv2.COLOR_BGR2GRAY)).astype(np.float32), (0, 0), 100))`,
  },
  {
    name: "sharpen",
    transform: sharpen(),
    peer: "cv2.addWeighted(img, 1.7, cv2.GaussianBlur(img, (0, 0), 1), -0.7, 0)",
  },
];
