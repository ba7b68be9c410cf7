#!/usr/bin/env python3
"""Starting inputs for the fuzz targets: small valid files, so that mutations reach beyond the first check.

usage: seeds.py BUILD_DIR SOURCE_DIR; writes BUILD_DIR/corpus/<target>/. Standard library only.
"""
import gzip
import io
import pathlib
import struct
import subprocess
import sys
import zipfile
import zlib


def npy(values, shape, descr="<f4"):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    header = header.ljust((64 - 10 - 1 - len(header)) % 64 + len(header)) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack("<%df" % len(values), *values)


def npz():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conv1.weight.npy", npy([1.0] * 6, "(2, 3)"))
        archive.writestr("conv1.bias.npy", npy([0.5, 0.25], "(2,)"))
    return out.getvalue()


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def caffe():
    blob = field(7, b"\x0a\x02\x02\x03") + field(5, struct.pack("<6f", *range(6)))
    return field(100, field(1, b"conv1") + field(2, b"Convolution") + field(7, blob))


def onnx():
    tensor = b"\x08\x02\x08\x03\x10\x01" + field(8, b"weight") + field(9, struct.pack("<6f", *range(6)))
    return field(7, field(5, tensor))


def element(kind, data):
    """Of a MAT file, little endian; all but compressed ones (15) are filled up to eight bytes."""
    return struct.pack("<2I", kind, len(data)) + data + bytes(-len(data) % 8 if kind != 15 else 0)


def matrix(name, array_class, rows, columns, content):
    head = element(6, struct.pack("<2I", array_class, 0)) + element(5, struct.pack("<2i", rows, columns)) + element(1, name)
    return element(14, head + content)


def mat5(variables):
    head = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + struct.pack("<H", 0x0100) + b"IM"
    return head + b"".join(variables)


def boxes_mat():
    """Published boxes: a cell array of matrices beside one of names, plain and compressed."""
    boxes = matrix(b"", 6, 2, 4, element(9, struct.pack("<8d", 1, 1, 2, 2, 30, 30, 40, 40)))
    name = matrix(b"", 4, 1, 6, element(16, b"000004"))
    cells = [matrix(b"boxes", 1, 1, 1, boxes), matrix(b"images", 1, 1, 1, name)]
    return mat5(cells), mat5([element(15, zlib.compress(cell)) for cell in cells])


VOC = b"""<annotation><folder>VOC2007</folder><filename>000001.jpg</filename>
<size><width>353</width><height>500</height><depth>3</depth></size><segmented>0</segmented>
<object><name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>
<bndbox><xmin>48</xmin><ymin>240.5</ymin><xmax>195</xmax><ymax>371</ymax></bndbox></object></annotation>"""
INSTANCES = b"""{"images":[{"id":1,"file_name":"a.jpg","height":100,"width":80}],"categories":[{"id":18,"name":"dog"}],
"annotations":[{"id":7,"image_id":1,"category_id":18,"bbox":[1.5,2,30,40],"area":1200,"iscrowd":0,"segmentation":[[1,2,3,4,5,6]]}]}"""
RESULTS = b'[{"image_id":1,"category_id":18,"bbox":[1.5,2,30,40],"score":0.5}]'


def main():
    build, source = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    corpus = build / "corpus"

    def put(target, name, data):
        (corpus / target).mkdir(parents=True, exist_ok=True)
        (corpus / target / name).write_bytes(data)

    idx = struct.pack(">4B3I", 0, 0, 8, 3, 2, 4, 4) + bytes(range(32))
    labels = struct.pack(">4BI", 0, 0, 8, 1, 2) + b"\x01\x02"
    for k, data in enumerate([idx, labels, gzip.compress(idx)]):
        for first in range(4):
            put("idx", f"{k}-{first}", bytes([first]) + data)
    for first in range(4):
        put("cifar", str(first), bytes([first]) + bytes([3]) + bytes(3072))
        put("cifar", f"100-{first}", bytes([first]) + bytes([3, 7]) + bytes(3072))
    put("npz", "zip", b"\x00" + npz())
    put("npz", "npy", b"\x01" + npy([1.0] * 6, "(2, 3)"))
    for first in range(4):
        put("protobuf", f"caffe-{first}", bytes([first]) + caffe())
        put("protobuf", f"onnx-{first}", bytes([first]) + onnx())
    for net in (source / "share/models").glob("*.net"):
        put("net", net.name, net.read_bytes())

    put("xml", "any", b"\x00" + VOC)
    put("xml", "voc", b"\x01" + VOC)
    put("coco", "instances", b"\x00" + INSTANCES)
    put("coco", "results", b"\x01" + RESULTS)
    for name, data in zip(("plain", "compressed"), boxes_mat()):
        put("mat5", name, data)
    for first, text in enumerate([b"000004 0.9 1.0 2.0 30 40\n000006 -0.5 1 1 5 5\n", b"3 12 0.5 1 2 30 40\n", b"a/b.jpg 1\nc.jpg 2\n",
                                  b"comp4_det_test_a_b.txt"]):
        put("voc_results", str(first), bytes([first]) + text)

    tool, work = build / "bn-train", build / "seeds"
    work.mkdir(exist_ok=True)

    def run(*words):
        subprocess.run([str(tool), *map(str, words), "--quiet"], check=True, cwd=work)

    run("convert", "--from", "scenes", "--kind", "digits", "--count", 20, "-o", "digits.h5")
    run("convert", "--from", "scenes", "--kind", "shapes", "--count", 3, "-o", "shapes.h5")
    run("train", "--data", "digits.h5", "--net", "mnist-mlp-bn", "--steps", 3, "--batch", 10, "-o", "net.ckpt.h5")
    for name in ("digits.h5", "shapes.h5"):
        put("h5", name, (work / name).read_bytes())
    for first, text in enumerate([
        b"a.jpg#0\ta dog\nb.jpg#1\ttwo caf\xc3\xa9s\n", b"#image\tcaption\na\ta dog\ttrain\n",
        b'{"images":[{"filename":"a","filepath":"d","split":"restval","cocoid":7,"sentences":[{"tokens":["a","dog"],"sentid":1}]}]}',
        b'{"images":[{"id":1,"file_name":"x"}],"annotations":[{"id":2,"image_id":1,"caption":"a"}]}',
        b'[{"image_id":1,"caption":"a dog"}]', b"dog n 2 1 @ 2 1 02084071 10114209\n", b"geese goose\n",
        b"The U.S. flag -- can't 1,000 ... (it's) \xe2\x80\x9cx\xe2\x80\x9d"]):
        put("caption_formats", str(first), bytes([first]) + text)
    (work / "results.json").write_text('[{"image_id":1,"caption":"a dog"},{"image_id":2,"caption":"a big dog"}]')
    words = ["convert", "--from", "coco-results", "results.json", "-o", "captions.h5", "--quiet"]
    subprocess.run([str(build / "caption-attend"), *words], check=True, cwd=work)
    for target in ("captions_h5", "h5"):
        put(target, "captions.h5", (work / "captions.h5").read_bytes())
    put("picture", "demo.png", (source / "share/demo/digit-3.png").read_bytes())


main()
