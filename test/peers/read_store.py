"""read_store.py STORE [OUT.npy]: reads an imgstore as its format is described, with nothing but NumPy, OpenCV and PyYAML,
and prints what is in it as JSON. The pictures go, stacked, to OUT.npy. Pictures keep the depth of their files; those of
stores with an encoding are converted to BGR."""
import glob, json, os, struct, sys
os.environ['OPENCV_VIDEOIO_PRIORITY_GSTREAMER'] = '0'
import cv2
import numpy as np
import yaml

from convert_pixels import names


def chunk_numbers(root, store):
    if store['class'] == 'DirectoryImgStore':
        return sorted(int(name) for name in next(os.walk(root))[1])
    return sorted(int(os.path.basename(p)[:-len(store['extension'])]) for p in glob.glob(root + '/*' + store['extension']))


def read_bloscpack(path):
    """One array in one chunk, as Bloscpack 3 lays it out."""
    import ast, blosc, zlib
    file = open(path, 'rb').read()
    magic, version, options, checksum, _, _, last, chunks, more = struct.unpack_from('<4sBBBBiiqq', file)
    assert (magic, version, options, checksum, chunks, more) == (b'blpk', 3, 3, 1, 1, 0)
    size = struct.unpack_from('<I', file, 32 + 20)[0]
    metadata, at = file[64:64 + size], 64 + size
    assert struct.unpack_from('<I', file, at)[0] == zlib.adler32(metadata)
    start = struct.unpack_from('<q', file, at + 4)[0]
    assert start == at + 12 and struct.unpack_from('<I', file, len(file) - 4)[0] == zlib.adler32(file[start:-4])
    metadata = json.loads(metadata)
    data = blosc.decompress(file[start:-4])
    assert len(data) == last and metadata['container'] == 'numpy' and metadata['order'] == 'C'
    return np.frombuffer(data, ast.literal_eval(metadata['dtype'])).reshape(metadata['shape'])


def pictures(root, store, chunk, count):
    color = len(store['imgshape']) == 3 and store['imgshape'][2] == 3
    name = '%06d' % chunk
    if store['class'] == 'DirectoryImgStore':
        for rank in range(count):
            path = os.path.join(root, name, '%06d.%s' % (rank, store['format']))
            if store['format'] == 'npy':
                yield np.load(path)
                continue
            if store['format'] == 'bpk':
                yield read_bloscpack(path)
                continue
            image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
            if len(store['imgshape']) == 2 and image.ndim == 3:
                image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            yield image
        return
    if store['class'] == 'RawImgStore':
        index = np.load(os.path.join(root, name + '.npz'))
        file = open(os.path.join(root, name + store['extension']), 'rb').read()
        for at, size in zip(index['picture_offset'].tolist(), index['picture_size'].tolist()):
            frame = file[at:at + size]
            if store['format'] == 'blosc':
                import blosc
                frame = blosc.decompress(frame)
            yield np.frombuffer(frame, store['imgdtype']).reshape(store['imgshape'])
        return
    capture = cv2.VideoCapture(os.path.join(root, name + store['extension']))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == count, 'chunk %d' % chunk
    for _ in range(count):
        ok, image = capture.read()
        assert ok
        yield image if color else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    assert not capture.read()[0], 'more pictures than the index says'


def extra(path):
    return json.load(open(path)) if os.path.exists(path) else []


def read(root):
    with open(os.path.join(root, 'metadata.yaml')) as f:
        user = yaml.safe_load(f)
    store = user.pop('__store')
    frames, images, rows = [], [], []
    for chunk in chunk_numbers(root, store):
        name = '%06d' % chunk
        base = os.path.join(root, name, 'index') if store['class'] == 'DirectoryImgStore' else os.path.join(root, name)
        with np.load(base + '.npz') as index:
            stamps = list(zip(index['frame_number'].tolist(), index['frame_time'].tolist()))
        for image in pictures(root, store, chunk, len(stamps)):
            images.append(cv2.cvtColor(image, names()[store['encoding']]) if store['encoding'] else image)
        frames += [[chunk, str(number), time] for number, time in stamps]
        rows += extra(base + '.extra.json')
    return dict(store=store, user=user, frames=frames, rows=rows, files=sorted(os.listdir(root))), images


if __name__ == '__main__':
    seen, images = read(sys.argv[1])
    if images and len(sys.argv) > 2:
        np.save(sys.argv[2], np.stack(images))
    print(json.dumps(seen, default=str))
