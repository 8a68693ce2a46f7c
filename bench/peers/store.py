"""Python imgstore, measured; prints one JSON line.
usage: store.py pictures {gray|bgr} FILE.npy            makes the pictures that both sides write
       store.py index FORMAT FILE.npy STORE COUNT CHUNKSIZE   opens it and finds some frames: ms, MB, microseconds
       store.py {write|read|random} FORMAT FILE.npy STORE COUNT CHUNKSIZE
IMGSTORE_SRC is a checkout of https://github.com/loopbio/imgstore."""
import json, os, shutil, sys, time, warnings
os.environ.setdefault('OPENCV_VIDEOIO_PRIORITY_GSTREAMER', '0')
warnings.simplefilter('ignore')
import cv2
import numpy as np


def make(kind, path):
    "Camera-like: a smooth scene with edges, noise of two gray levels, a dark blob that moves."
    height, width = (480, 640) if kind == 'gray' else (1024, 1280)
    rng = np.random.RandomState(1)
    scene = cv2.resize(rng.randint(0, 256, (24, 32, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        corner = rng.randint(0, width), rng.randint(0, height)
        cv2.rectangle(scene, corner, (corner[0] + 60, corner[1] + 40), rng.randint(0, 256, 3).tolist(), 2)
    if kind == 'gray':
        scene = cv2.cvtColor(scene, cv2.COLOR_BGR2GRAY)
    pictures = []
    for i in range(20):
        noisy = scene.astype(np.int16) + rng.normal(0, 2, scene.shape).round().astype(np.int16)
        picture = np.clip(noisy, 0, 255).astype(np.uint8)
        cv2.circle(picture, (50 + 10 * i, 100 + 5 * i), 20, (0,) * 3, -1)
        pictures.append(picture)
    np.save(path, np.stack(pictures))


def megabytes():
    with open('/proc/self/status') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS')) / 1024


def measure_index(stores, root, count):
    before, start = megabytes(), time.perf_counter()
    store = stores.new_for_filename(root)
    ms, rss = (time.perf_counter() - start) * 1e3, megabytes() - before
    ranks = np.random.RandomState(3).randint(0, count, 20).tolist()

    def median(find):
        times = []
        for rank in ranks:
            start = time.perf_counter()
            find(rank)
            times.append(time.perf_counter() - start)
        return sorted(times)[10] * 1e6
    number = median(lambda rank: store._index.find_chunk('frame_number', rank))
    nearest = median(lambda rank: store._index.find_chunk_nearest('frame_time', 1.7e9 + rank / 100. + .003))
    return dict(ms=ms, rss=rss, number=number, time=nearest)


def measure(task, fmt, path, root, count, chunksize):
    sys.path.insert(0, os.environ['IMGSTORE_SRC'])
    from imgstore import stores
    if task == 'write':
        pictures = np.load(path)
        shutil.rmtree(root, ignore_errors=True)
        start = time.perf_counter()
        store = stores.new_for_format(fmt, basedir=root, imgshape=pictures[0].shape, imgdtype=np.uint8, chunksize=chunksize)
        for i in range(count):
            store.add_image(pictures[i % len(pictures)], i, i * 0.04)
        store.close()
        return dict(fps=count / (time.perf_counter() - start))
    if task == 'index':
        return measure_index(stores, root, count)
    store = stores.new_for_filename(root)
    if task == 'read':
        start = time.perf_counter()
        for _ in range(count):
            store.get_next_image()
        return dict(fps=count / (time.perf_counter() - start))
    order = np.random.RandomState(42).randint(0, count, 200).tolist()
    times = []
    for number in order:
        start = time.perf_counter()
        store.get_image(number)
        times.append(time.perf_counter() - start)
    return dict(ms=sorted(times)[100] * 1e3)


if sys.argv[1] == 'pictures':
    make(*sys.argv[2:4])
    print('{}')
else:
    task, fmt, path, root, count, chunksize = sys.argv[1:7]
    print(json.dumps(measure(task, fmt, path, root, int(count), int(chunksize))))
