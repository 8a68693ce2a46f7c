"""OpenCV's conversions of encoded pixels, measured; prints one JSON line.
usage: pixels.py CONVERSION WIDTH HEIGHT CHANNELS DTYPE COUNT"""
import json, sys, time

import cv2
import numpy as np

cv2.setNumThreads(1)
conversion, dtype = getattr(cv2, f"COLOR_{sys.argv[1]}"), sys.argv[5]
width, height, channels, count = (int(sys.argv[i]) for i in (2, 3, 4, 6))
shape = (height, width) if channels == 1 else (height, width, channels)
picture = np.random.default_rng(1).integers(0, 256, shape).astype(dtype)
for _ in range(10):
    cv2.cvtColor(picture, conversion)
start = time.perf_counter()
for _ in range(count):
    cv2.cvtColor(picture, conversion)
print(json.dumps(dict(fps=count / (time.perf_counter() - start))))
