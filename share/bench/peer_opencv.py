#!/usr/bin/env python3
"""OpenCV's selective search, fast mode, under the protocol of serve.h. The outcome is the number of boxes.

usage: peer_opencv.py propose-fast THREADS PICTURE        needs Debian's python3-opencv, with ximgproc
"""
import sys
import time

import cv2


def search(picture):
    search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
    search.setBaseImage(picture)
    search.switchToSelectiveSearchFast()
    return len(search.process())


def main():
    _, threads, path = sys.argv[1:]
    cv2.setNumThreads(int(threads))
    picture = cv2.imread(path)
    if picture is None:
        raise SystemExit(f"peer_opencv: {path}: expected a picture")
    print("ready", picture.shape[0] * picture.shape[1], flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line.split()[1])):
            boxes = search(picture)
        print(time.perf_counter() - start, boxes, flush=True)


if __name__ == "__main__":
    main()
