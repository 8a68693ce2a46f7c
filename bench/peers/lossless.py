"""Lossless storage of frames in Python, measured; prints one JSON line.
usage: lossless.py pictures {gray8|gray12|bayer8} FILE.npy     makes the pictures that all write
       lossless.py {npy|h5py-none|h5py-lzf|h5py-gzip1|zarr-lz4|zarr-zstd} FILE.npy PATH COUNT
One frame a chunk; nothing is synced. Every frame is compared with what was written before reading is timed."""
import json, os, shutil, sys, time

import numpy as np


def make(kind, path):
    """What one 12-bit camera of 1280x1024 sees: a smooth scene with edges, a dark blob that moves, and noise of 32 of its
    4096 levels. 8 bits are the upper ones: noise of two levels. As a mosaic it has red in its first pixel."""
    import cv2
    height, width = 1024, 1280
    rng = np.random.RandomState(1)
    scene = cv2.resize(rng.randint(0, 256, (24, 32, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        corner = rng.randint(0, width), rng.randint(0, height)
        cv2.rectangle(scene, corner, (corner[0] + 60, corner[1] + 40), rng.randint(0, 256, 3).tolist(), 2)
    pictures = []
    for i in range(12):
        seen = scene.copy()
        cv2.circle(seen, (50 + 10 * i, 100 + 5 * i), 20, (0,) * 3, -1)
        if kind == 'bayer8':
            flat = seen[..., 1].copy()
            flat[::2, ::2], flat[1::2, 1::2] = seen[::2, ::2, 2], seen[1::2, 1::2, 0]
        else:
            flat = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
        levels = np.clip(flat * 16. + rng.normal(0, 32, flat.shape), 0, 4095).astype(np.uint16)
        pictures.append(levels if kind == 'gray12' else (levels >> 4).astype(np.uint8))
    np.save(path, np.stack(pictures))


def bytes_in(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


class Npy:
    def __init__(self, path, shape, dtype):
        self.path = path
        os.makedirs(path, exist_ok=True)

    def write(self, i, frame):
        np.save('%s/%06d.npy' % (self.path, i), frame)

    def read(self, i):
        return np.load('%s/%06d.npy' % (self.path, i))

    def close(self):
        pass


class H5:
    def __init__(self, path, shape, dtype, **how):
        import h5py
        if os.path.exists(path):
            self.file = h5py.File(path, 'r')
            self.set = self.file['frames']
            return
        self.file = h5py.File(path, 'w')
        self.set = self.file.create_dataset('frames', shape, dtype, chunks=(1,) + shape[1:], **how)

    def write(self, i, frame):
        self.set[i] = frame

    def read(self, i):
        return self.set[i]

    def close(self):
        self.file.close()


class Zarr(H5):
    def __init__(self, path, shape, dtype, cname, clevel):
        import zarr
        from numcodecs import Blosc
        if os.path.exists(path):
            self.set = zarr.open(path, 'r')
            return
        packed = Blosc(cname=cname, clevel=clevel, shuffle=Blosc.BITSHUFFLE)
        self.set = zarr.open(path, 'w', shape=shape, dtype=dtype, chunks=(1,) + shape[1:], compressor=packed)

    def close(self):
        pass


kinds = {
    'npy': Npy,
    'h5py-none': H5,
    'h5py-lzf': lambda *a: H5(*a, compression='lzf'),
    'h5py-gzip1': lambda *a: H5(*a, compression='gzip', compression_opts=1),
    'zarr-lz4': lambda *a: Zarr(*a, cname='lz4', clevel=5),
    'zarr-zstd': lambda *a: Zarr(*a, cname='zstd', clevel=1),
}


def measure(kind, source, path, count):
    ring = np.load(source)
    frames = [ring[i % len(ring)] for i in range(count)]
    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):
        os.remove(path)
    store = kinds[kind](path, (count,) + ring.shape[1:], ring.dtype)
    start, cpu = time.perf_counter(), time.process_time()
    for i, frame in enumerate(frames):
        store.write(i, frame)
    store.close()
    write, write_cpu = count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e3
    store = kinds[kind](path, (count,) + ring.shape[1:], ring.dtype)
    for i, frame in enumerate(frames):
        found = store.read(i)
        assert found.dtype == frame.dtype and np.array_equal(found, frame), 'frame %d' % i
    start, cpu = time.perf_counter(), time.process_time()
    for i in range(count):
        store.read(i)
    read, read_cpu = count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e3
    store.close()
    size = bytes_in(path) / (count * ring[0].nbytes)
    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    return dict(write=write, read=read, writeCpu=write_cpu, readCpu=read_cpu, size=size)


if sys.argv[1] == 'pictures':
    make(*sys.argv[2:4])
    print('{}')
else:
    print(json.dumps(measure(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
