"""write_pictures.py DIR: writes pictures of every kind, with OpenCV and by hand from the specifications. Beside each
lies what must be read from it: NAME.npy, which for OpenCV's own pictures is what OpenCV reads back (IMREAD_UNCHANGED)."""
import os, struct, sys, zlib
import cv2, numpy as np

out = sys.argv[1]
rng = np.random.RandomState(7)


def picture(height, width, channels, dtype):
    y, x = np.mgrid[0:height, 0:width]
    base = (x * 3 + y * 5)[..., None] + np.arange(channels) * 40 + rng.randint(0, 9, (height, width, channels))
    kind = np.dtype(dtype)
    a = base / 7 if kind.kind == "f" else base % 256 if kind.itemsize == 1 else base * 97 % 65536
    a = a.astype(dtype)
    return a[..., 0] if channels == 1 else a


def expect(name, array):
    np.save(os.path.join(out, name + ".npy"), np.ascontiguousarray(array))


def by_opencv(name, array, params=()):
    path = os.path.join(out, name)
    assert cv2.imwrite(path, array, list(params)), name
    expect(name, cv2.imread(path, cv2.IMREAD_UNCHANGED))


def by_hand(name, data, array=None):
    path = os.path.join(out, name)
    open(path, "wb").write(data)
    expect(name, cv2.imread(path, cv2.IMREAD_UNCHANGED) if array is None else array)


sizes = [(1, 1), (3, 5), (33, 47), (300, 200)]
for h, w in sizes:
    for c in 1, 3, 4:
        for dtype in "uint8", "uint16":
            a = picture(h, w, c, dtype)
            by_opencv(f"cv_{h}x{w}x{c}_{dtype}.png", a)
            by_opencv(f"cv_{h}x{w}x{c}_{dtype}_level9.png", a, [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_STRATEGY, 0])
            for number, compression in (1, "none"), (5, "lzw"), (8, "deflate"), (32773, "packbits"):
                by_opencv(f"cv_{h}x{w}x{c}_{dtype}_{compression}.tif", a, [cv2.IMWRITE_TIFF_COMPRESSION, number])
            if c < 4:
                extension = "pgm" if c == 1 else "ppm"
                by_opencv(f"cv_{h}x{w}x{c}_{dtype}.{extension}", a)
                by_opencv(f"cv_{h}x{w}x{c}_{dtype}_text.{extension}", a, [cv2.IMWRITE_PXM_BINARY, 0])
        for dtype in "float32", "float64":
            if c == 1 or (dtype == "float32" and c == 4):  # three floats are written as LogLuv, others not at all
                by_opencv(f"cv_{h}x{w}x{c}_{dtype}.tif", picture(h, w, c, dtype))
        by_opencv(f"cv_{h}x{w}x{c}.bmp", picture(h, w, c, "uint8"))
        if c < 4:
            for name, params in {
                "q95": [cv2.IMWRITE_JPEG_QUALITY, 95],
                "q50": [cv2.IMWRITE_JPEG_QUALITY, 50],
                "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
                "optimised_restart": [cv2.IMWRITE_JPEG_OPTIMIZE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 4],
            }.items():
                by_opencv(f"cv_{h}x{w}x{c}_{name}.jpg", picture(h, w, c, "uint8"), params)

# JPEG that a camera took turned: OpenCV turns it upright, but not with IMREAD_UNCHANGED.
for orientation in range(1, 9):
    jpeg = cv2.imencode(".jpg", picture(33, 47, 3, "uint8"))[1].tobytes()
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    path = os.path.join(out, f"turned_{orientation}.jpg")
    open(path, "wb").write(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    expect(f"turned_{orientation}.jpg", cv2.imread(path))

# PNG: every colour type, depth, filter, transparency, interlaced or not.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def pack(row, depth):
    if depth == 16:
        return np.frombuffer(row.astype(">u2").tobytes(), np.uint8).astype(int)
    if depth == 8:
        return row.astype(int)
    bits = "".join(format(v, f"0{depth}b") for v in row)
    bits += "0" * (-len(bits) % 8)
    return np.array([int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)], int)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def scanlines(pixels, depth):
    height, width, samples = pixels.shape
    bpp, above, data = max(1, depth * samples // 8), None, b""
    for y in range(height):
        row = pack(pixels[y].reshape(-1), depth)
        above = np.zeros(len(row), int) if above is None else above
        left = np.concatenate([np.zeros(bpp, int), row])[: len(row)]
        corner = np.concatenate([np.zeros(bpp, int), above])[: len(row)]
        kind = y % 5
        guess = [0, left, above, (left + above) // 2, [paeth(*t) for t in zip(left, above, corner)]][kind]
        data += bytes([kind]) + ((row - np.asarray(guess)) % 256).astype(np.uint8).tobytes()
        above = row
    return data


def png(pixels, depth, kind, interlaced, extra=b"", parts=3):
    height, width, _ = pixels.shape
    chunk = lambda t, d: struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    views = [pixels[top::sy, left::sx] for left, top, sx, sy in passes]
    packed = zlib.compress(b"".join(scanlines(v, depth) for v in views if v.size))
    step = max(1, len(packed) // parts)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
            + chunk(b"tEXt", b"Comment\0made by hand") + extra
            + b"".join(chunk(b"IDAT", packed[i : i + step]) for i in range(0, len(packed), step)) + chunk(b"IEND", b""))


def chunk(t, d):
    return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))


for h, w in (1, 1), (3, 2), (13, 21):
    for interlaced in 0, 1:
        for kind, samples, depths in (0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)), (6, 4, (8, 16)):
            for depth in depths:
                pixels = rng.randint(0, 2**depth, (h, w, samples))
                palette = chunk(b"PLTE", rng.bytes(3 * 2**depth)) if kind == 3 else b""
                name = f"hand_{h}x{w}_kind{kind}_{depth}bit{'_adam7' if interlaced else ''}"
                by_hand(name + ".png", png(pixels, depth, kind, interlaced, palette))
                if kind == 3:
                    by_hand(name + "_trns.png", png(pixels, depth, kind, interlaced, palette + chunk(b"tRNS", bytes([0, 99]))))
                if kind in (0, 2):
                    key = struct.pack(f">{samples}H", *pixels[0, 0])
                    by_hand(name + "_trns.png", png(pixels, depth, kind, interlaced, chunk(b"tRNS", key)))

# BMP: palettes, masks, top-down.
for w in 1, 7, 32:
    h = 5
    for bits in 1, 4, 8:
        for gray in 0, 1:
            entries = np.repeat(rng.permutation(256)[: 2**bits], 3).reshape(-1, 3) if gray else rng.randint(0, 256, (2**bits, 3))
            palette = b"".join(bytes([*map(int, e), 0]) for e in entries)
            indices = rng.randint(0, 2**bits, (h, w))
            rows = [pack(r, bits).astype(np.uint8).tobytes() for r in indices]
            rows = b"".join(r + b"\0" * (-len(r) % 4) for r in rows)
            for down in 0, 1:
                head = struct.pack("<IiiHHIIiiII", 40, w, -h if down else h, 1, bits, 0, len(rows), 0, 0, 2**bits, 0)
                start = 14 + 40 + len(palette)
                by_hand(f"hand_{w}_{bits}bit{'_gray' * gray}{'_down' * down}.bmp",
                        b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + palette + rows)
    for bits, masks in (16, None), (16, (0xF800, 0x7E0, 0x1F)), (32, None), (24, None):
        rows = [rng.bytes(w * bits // 8) for _ in range(h)]
        rows = b"".join(r + b"\0" * (-len(r) % 4) for r in rows)
        extra = struct.pack("<3I", *masks) if masks else b""
        head = struct.pack("<IiiHHIIiiII", 40, w, h, 1, bits, 3 if masks else 0, len(rows), 0, 0, 0, 0) + extra
        by_hand(f"hand_{w}_{bits}bit{'_masks' if masks else ''}.bmp",
                b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows)

# TIFF: byte orders, BigTIFF, tiles, planes, predictors, sample types, palettes.
def packbits(data):
    return b"".join(bytes([len(data[i : i + 100]) - 1]) + data[i : i + 100] for i in range(0, len(data), 100))


def float_predictor(block, order):
    rows, size, samples = block.shape[0], block.dtype.itemsize, block.shape[2]
    planes = np.frombuffer(block.astype(block.dtype.newbyteorder(">")).tobytes(), np.uint8).reshape(rows, -1, size)
    flat = planes.transpose(0, 2, 1).reshape(rows, -1).copy()
    flat[:, samples:] -= flat[:, :-samples].copy()
    return flat.tobytes()


def tiff(a, order="<", big=False, tile=None, rows_per_strip=4, planar=False, compression=1, predictor=1, photometric=None, colormap=None, bits=None):
    a3 = a if a.ndim == 3 else a[..., None]
    h, w, s = a3.shape
    bits = bits or a.dtype.itemsize * 8
    fmt = {"u": 1, "i": 2, "f": 3}[a.dtype.kind]
    bh, bw = tile or (rows_per_strip, w)
    blocks = []
    for plane in [a3[..., i : i + 1] for i in range(s)] if planar else [a3]:
        for top in range(0, h, bh):
            for left in range(0, w, bw):
                b = plane[top : top + bh, left : left + bw]
                if tile:
                    full = np.zeros((bh, bw, b.shape[2]), a.dtype); full[: b.shape[0], : b.shape[1]] = b; b = full
                if bits < 8:
                    raw = b"".join(pack(r.reshape(-1), bits).astype(np.uint8).tobytes() for r in b)
                elif predictor == 3:
                    raw = float_predictor(b, order)
                else:
                    if predictor == 2:
                        b = b.copy(); b[:, 1:] -= b[:, :-1].copy()
                    raw = b.astype(b.dtype.newbyteorder(order)).tobytes()
                blocks.append({1: lambda d: d, 8: zlib.compress, 32773: packbits}[compression](raw))
    fields = [(256, "I", [w]), (257, "I", [h]), (258, "H", [bits] * s), (259, "H", [compression]),
              (262, "H", [photometric if photometric is not None else 1 if s < 3 else 2]),
              (277, "H", [s]), (284, "H", [2 if planar else 1]), (317, "H", [predictor]), (339, "H", [fmt] * s)]
    if tile: fields += [(322, "I", [bw]), (323, "I", [bh])]
    else: fields += [(278, "I", [bh])]
    if colormap is not None: fields += [(320, "H", colormap)]
    if s in (2, 4): fields += [(338, "H", [2])]
    word = "Q" if big else "I"
    at_blocks = 16 if big else 8
    offsets, at = [], at_blocks
    for b in blocks: offsets.append(at); at += len(b)
    fields += [(324 if tile else 273, word, offsets), (325 if tile else 279, word, [len(b) for b in blocks])]
    fields.sort()
    at += at % 2
    directory, extra = b"", b""
    after = at + (8 + 20 * len(fields) + 8 if big else 2 + 12 * len(fields) + 4)
    size = 8 if big else 4
    for tag, kind, values in fields:
        data = struct.pack(order + kind * len(values), *values)
        directory += struct.pack(order + "HH" + word, tag, {"H": 3, "I": 4, "Q": 16}[kind], len(values))
        if len(data) > size:
            directory += struct.pack(order + word, after + len(extra)); extra += data
        else: directory += data.ljust(size, b"\0")
    head = (b"II" if order == "<" else b"MM") + (struct.pack(order + "HHHQ", 43, 8, 0, at) if big else struct.pack(order + "HI", 42, at))
    body = head + b"".join(blocks)
    return body.ljust(at, b"\0") + struct.pack(order + ("Q" if big else "H"), len(fields)) + directory + struct.pack(order + word, 0) + extra


for dtype in "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64":
    for c in 1, 3, 4:
        a = picture(21, 37, c, dtype)
        bgr = a if c == 1 else a[..., [2, 1, 0, 3][:c]]
        for order in "<", ">":
            for compression in 1, 8, 32773:
                predictors = [1] + ([2] if dtype[0] != "f" and compression != 1 else []) + ([3] if dtype[0] == "f" and compression == 8 else [])
                for predictor in predictors:
                    for layout, options in dict(strips={}, big=dict(big=True), tiles=dict(tile=(16, 32)), planes=dict(planar=True), planetiles=dict(planar=True, tile=(16, 16))).items():
                        name = f"hand_{dtype}x{c}_{'le' if order == '<' else 'be'}_{compression}_{predictor}_{layout}.tif"
                        by_hand(name, tiff(a, order=order, compression=compression, predictor=predictor, **options), bgr)
a = picture(21, 37, 1, "uint8")
for bits in 1, 2, 4:
    small = a >> (8 - bits)
    by_hand(f"hand_{bits}bit.tif", tiff(small, bits=bits), (small * (255 // (2**bits - 1))).astype(np.uint8))
by_hand("hand_white_is_zero.tif", tiff(a, photometric=0), 255 - a)
colormap = rng.randint(0, 65536, (3, 256))
by_hand("hand_palette.tif", tiff(a, photometric=3, colormap=list(map(int, colormap.reshape(-1)))),
        (colormap >> 8).astype(np.uint8).T[a][..., ::-1])
