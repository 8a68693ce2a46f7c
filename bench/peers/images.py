"""OpenCV's still pictures, measured; prints one JSON line.
usage: images.py {write|read} EXTENSION FILE.npy FOLDER COUNT"""
import json, os, sys, time

import cv2
import numpy as np

cv2.setNumThreads(1)
task, extension, path, folder, count = sys.argv[1:5] + [int(sys.argv[5])]
pictures = np.load(path)
names = [os.path.join(folder, f"{i}.{extension}") for i in range(count)]
for i in range(len(pictures)):  # warm, and the file names are taken
    cv2.imwrite(names[i % count], pictures[i])
start = time.perf_counter()
for i, name in enumerate(names):
    if task == "write":
        cv2.imwrite(name, pictures[i % len(pictures)])
    else:
        cv2.imread(names[i % len(pictures)], cv2.IMREAD_UNCHANGED)
seconds = time.perf_counter() - start
print(json.dumps(dict(fps=count / seconds, bytes=os.path.getsize(names[0]))))
