"""read_pictures.py DIR: for each NAME.npy in DIR, prints NAME if OpenCV (IMREAD_UNCHANGED) does not read exactly that
array from the picture NAME, and what it reads instead."""
import glob, os, sys
import cv2, numpy as np

for expected in sorted(glob.glob(os.path.join(sys.argv[1], "*.npy"))):
    path, want = expected[: -len(".npy")], np.load(expected)
    want = want.reshape(want.shape[:2]) if want.shape[2:] == (1,) else want
    got = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if got is None or got.dtype != want.dtype or not np.array_equal(got, want):
        print(os.path.basename(path), None if got is None else (got.dtype.name, got.shape))
