"""OpenCV instead of a transform, one thread, measured; prints one JSON line.
usage: transforms.py EXPRESSION COLOR DTYPE"""
import json, sys, time

import cv2
import numpy as np

cv2.setNumThreads(1)
expression, color, dtype = sys.argv[1:]
noise = np.random.default_rng(1).random((720, 1280) if color != "bgr" else (720, 1280, 3))
slope = np.arange(1280)[None, :] / 1280
full = dict(uint8=256, uint16=65536, float32=1)[dtype]
picture = ((0.75 * (slope if noise.ndim == 2 else slope[..., None]) + 0.25 * noise) * full).astype(dtype)
table = np.arange(255, -1, -1).astype(np.uint8)
run = eval(f"lambda a: {expression}", dict(np=np, cv2=cv2, table=table))
stop = time.process_time() + 0.2
while time.process_time() < stop:
    run(picture)
count, start = 0, time.process_time()
while time.process_time() - start < 0.5:
    run(picture)
    count += 1
print(json.dumps(dict(fps=count / (time.process_time() - start))))
