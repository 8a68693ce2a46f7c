"""Crop, resize, CLAHE and a line of text by OpenCV, one thread, measured in processor time; prints one JSON line.
usage: chain.py COLOR"""
import json, sys, time

import cv2
import numpy as np

cv2.setNumThreads(1)
color = sys.argv[1]
noise = np.random.default_rng(1).random((720, 1280) if color != "bgr" else (720, 1280, 3))
slope = np.arange(1280)[None, :] / 1280
picture = ((0.75 * (slope if noise.ndim == 2 else slope[..., None]) + 0.25 * noise) * 256).astype(np.uint8)
clahe = cv2.createCLAHE(2, (8, 8))


def run(number):
    part = picture[60:660, 160:1120]
    small = cv2.resize(part, (640, 400), interpolation=cv2.INTER_AREA)
    if small.ndim == 2:
        small = clahe.apply(small)
    else:
        luma = cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb)
        luma[..., 0] = clahe.apply(np.ascontiguousarray(luma[..., 0]))
        small = cv2.cvtColor(luma, cv2.COLOR_YCrCb2BGR)
    cv2.putText(small, f"frame {number:06d}", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    return small


for i in range(100):
    run(i)
count, start = 0, time.process_time()
while time.process_time() - start < 1.5:
    run(count)
    count += 1
print(json.dumps(dict(spent=count / (time.process_time() - start))))
