import { python } from "./python.js";

/** Frames by the indexes of each store, and pictures that OpenCV and NumPy can read; those of Bloscpack are counted. */
export function countInPython(paths: readonly string[]): { frames: number; pictures: number }[] {
  const code = `
import glob, json, os, sys
os.environ["OPENCV_VIDEOIO_PRIORITY_GSTREAMER"] = "0"
import cv2, numpy as np
def count(root):
    frames = pictures = 0
    for index in sorted(glob.glob(root + "/*/index.npz") + glob.glob(root + "/*.npz")):
        with np.load(index) as npz:
            n = len(npz["frame_number"]); frames += n
            if index.endswith("/index.npz"):
                for k in range(n):
                    name = glob.glob(os.path.dirname(index) + "/%06d.*" % k)[0]
                    if name.endswith(".bpk"):
                        pictures += open(name, "rb").read(4) == b"blpk"; continue
                    image = np.load(name) if name.endswith(".npy") else cv2.imread(name)
                    pictures += image is not None
            else:
                video = [v for v in glob.glob(index[:-3] + "*") if v.endswith((".mp4", ".mkv", ".avi"))]
                if not video:
                    pictures += len(npz["picture_offset"]); continue
                film = cv2.VideoCapture(video[0], cv2.CAP_FFMPEG)
                while film.read()[0]: pictures += 1
    return {"frames": frames, "pictures": pictures}
print(json.dumps([count(root) for root in sys.argv[1:]]))
`;
  return JSON.parse(python(code, paths));
}
