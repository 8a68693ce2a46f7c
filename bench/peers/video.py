"""Reads a video with PyAV or OpenCV; prints one JSON line.

usage: video.py {av|cv2} {bgr|gray} {sequential|random|back|first} FILE THREADS
"""
import json
import os
import sys
import time

peer, colour, task, path, threads = sys.argv[1:5] + [int(sys.argv[5])]
if peer == "cv2":
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "threads;%s" % (threads or "auto")
    import cv2

    cv2.setNumThreads(threads or 2)
else:
    import av

pixel_format = {"bgr": "bgr24", "gray": "gray"}[colour]


class PyAV:
    def __init__(self):
        self.container = av.open(path)
        self.stream = self.container.streams.video[0]
        self.stream.codec_context.thread_count = threads
        self.stream.thread_type = "AUTO" if threads != 1 else "SLICE"

    def frames(self):
        for frame in self.container.decode(self.stream):
            yield frame.to_ndarray(format=pixel_format)

    def stamps(self):
        return sorted(p.pts for p in self.container.demux(self.stream) if p.pts is not None)

    def at(self, stamp):
        self.container.seek(stamp, backward=True, any_frame=False, stream=self.stream)
        for frame in self.container.decode(self.stream):
            if frame.pts == stamp:
                return frame.to_ndarray(format=pixel_format)


class OpenCV:
    def __init__(self):
        self.capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)

    def read(self):
        good, image = self.capture.read()
        if not good:
            return None
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if colour == "gray" else image

    def frames(self):
        while True:
            image = self.read()
            if image is None:
                return
            yield image

    def stamps(self):
        return list(range(int(self.capture.get(cv2.CAP_PROP_FRAME_COUNT))))

    def at(self, index):
        self.capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        return self.read()


def random_numbers(count, below):
    seed, numbers = 12345, []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        numbers.append(seed % below)
    return numbers


def median(values):
    return sorted(values)[len(values) // 2]


Reader = PyAV if peer == "av" else OpenCV
if task == "first":
    times = []
    for _ in range(15):
        start = time.perf_counter()
        next(iter(Reader().frames()))
        times.append((time.perf_counter() - start) * 1e3)
    result = {"ms": median(times)}
elif task == "sequential":
    start, count = time.perf_counter(), 0
    for _ in Reader().frames():
        count += 1
    result = {"fps": count / (time.perf_counter() - start)}
else:
    stamps = Reader().stamps()
    reader, times = Reader(), []
    for place in random_numbers(203, len(stamps)):
        start = time.perf_counter()
        image = reader.at(stamps[place])
        times.append((time.perf_counter() - start) * 1e3)
        assert image is not None
    result = {"ms": median(times[3:])}
print(json.dumps(result))
