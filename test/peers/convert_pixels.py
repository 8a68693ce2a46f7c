"""OpenCV's conversions to BGR, under imgstore's names.
usage: convert_pixels.py names                 prints {name: number of OpenCV's conversion}
       convert_pixels.py pictures FOLDER       converts FOLDER/N.raw as FOLDER/cases.json says into FOLDER/N.bgr
       convert_pixels.py triples NAME WIDTH    prints the SHA-256 of all 2^24 triples of bytes, converted"""
import hashlib, json, os, re, sys

import cv2
import numpy as np


def names():
    """As imgstore derives them: ways of debayering other than the bilinear one have no name."""
    found = {}
    for constant in dir(cv2):
        match = re.match(r"^COLOR_([A-Za-z0-9_]+?)2BGR($|_[A-Za-z0-9]*)", constant)
        if not match:
            continue
        name = "cv_" + match[1].lower().replace("_", "")
        if match[2] and "bayer" in name:
            continue
        name += match[2].lower() if match[2] else ""
        found[name] = int(getattr(cv2, constant))
    return found


def pictures(folder):
    codes = names()
    for i, case in enumerate(json.load(open(os.path.join(folder, "cases.json")))):
        shape = [case["height"], case["width"]] + ([case["channels"]] if case["channels"] > 1 else [])
        picture = np.fromfile(os.path.join(folder, f"{i}.raw"), case["dtype"]).reshape(shape)
        cv2.cvtColor(picture, codes[case["name"]]).tofile(os.path.join(folder, f"{i}.bgr"))


def triples(name, width):
    n = np.arange(1 << 24, dtype=np.uint32)
    picture = np.stack([n >> 16, n >> 8, n], -1).astype(np.uint8).reshape(-1, int(width), 3)
    print(hashlib.sha256(cv2.cvtColor(picture, names()[name])).hexdigest())


if __name__ == "__main__":
    if sys.argv[1] == "names":
        print(json.dumps(names()))
    else:
        {"pictures": pictures, "triples": triples}[sys.argv[1]](*sys.argv[2:])
