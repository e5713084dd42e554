#!/usr/bin/python3
"""Writes the seeds of tests/fuzz/corpus with other people's writers, each as small as it gets.

Their shapes are part of the unit tests: tests/unit/weights/torch_file.cpp and tests/unit/hdf5/file.cpp
read some. hdf5/features.h5 and model.h5 are pool3's own: `store_sample FOLDER 5 3` of tests/e2e wrote them. So are those of
sealed/; its map.h5 and rbf.h5 were made of such a file of 12 rows, its index.h5 of one of 5 rows.
"""
import gzip
import io
import json
import pathlib
import sys
import tarfile
import zipfile

import h5py
import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e/network"))
import graphdef_file as graph  # noqa: E402

CORPUS = HERE / "corpus"


def pickles():
    values = torch.arange(12.0).reshape(4, 3)
    state = torch.nn.Sequential(torch.nn.BatchNorm2d(2)).state_dict()
    state["t"] = values.t()[:2, :3]  # shape [2, 3], strides [1, 3]
    state["half"] = torch.tensor([1.0, -2.0]).half()
    folder = CORPUS / "pickle"
    torch.save(state, folder / "tiny.pth")
    torch.save(state, folder / "old.pth", _use_new_zipfile_serialization=False)
    (folder / "data.pkl").write_bytes(zipfile.ZipFile(folder / "tiny.pth").read("tiny/data.pkl"))
    torch.save({"Conv2d_1a_3x3.conv.weight": torch.zeros(32, 3, 3, 3).half()}, folder / "first.pth")


def keras():
    with h5py.File(CORPUS / "keras" / "tiny.h5", "w") as file:
        kernel = np.arange(6, dtype="<f4").reshape(1, 2, 3)
        file.create_dataset("conv2d_7/conv2d_7/kernel:0", data=kernel)
        file.create_dataset("conv2d_7/half", data=np.array([1, -2], "<f2"))
        file.create_dataset("conv2d_7/whole", data=np.array([1, 2], "<i4"))
        file["soft"] = h5py.SoftLink("/conv2d_7")
        file.attrs["layer_names"] = [b"conv2d_7"]


    with h5py.File(CORPUS / "keras" / "newer_group.h5", "w") as file:
        file["outside"] = h5py.ExternalLink("other.h5", "/")


def hdf5():
    folder = CORPUS / "hdf5"
    names = h5py.enum_dtype({"a": 1, "b": 2}, basetype="u1")
    with h5py.File(folder / "latest.h5", "w", libver="latest") as file:
        file.create_dataset("table", data=np.array([0.5, 1.5, 2.5], "<f8"))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        compact = h5py.h5d.create(file.id, b"compact", h5py.h5t.STD_I32LE, h5py.h5s.create_simple((2,)), plist)
        compact.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([7, 8], "<i4"))
        file.create_dataset("group/names", data=np.array([1, 2], "u1"), dtype=names)
        file.attrs["number"] = np.int64(7)
        file.attrs["text"] = "of any length"
    with h5py.File(folder / "chunks.h5", "w") as file:
        file.create_dataset("chunked", data=np.arange(8), chunks=(4,))
        file.create_dataset("packed", data=np.arange(8), chunks=(4,), compression="gzip")
        file.create_dataset("unwritten", (8,), "<f4")
    with h5py.File(folder / "many.h5", "w", libver="latest") as file:
        for i in range(20):
            file[str(i)] = h5py.SoftLink("/")


def graphdefs():
    vector, one = np.arange(6, dtype="<f4").reshape(2, 3), np.full([2, 3], 7, "<f4")
    names = {"variance_epsilon": graph.field(4, 0.001), "scale_after_normalization": graph.field(5, 1)}
    nodes = [
        graph.const("conv/conv2d_params", vector),
        graph.const("conv/batchnorm/beta", one),
        graph.node("conv/batchnorm", "BatchNormWithGlobalNormalization", ["conv/Conv2D"], **names),
        graph.node("mixed/tower_2/pool", "AvgPool"),
    ]
    (CORPUS / "graphdef" / "tiny.pb").write_bytes(b"".join(nodes))
    shape = graph.field(2, graph.field(2, graph.field(1, 2)) + graph.field(2, graph.field(1, 3)))
    (CORPUS / "graphdef" / "tensor").write_bytes(graph.field(1, 1) + shape + graph.field(4, vector.tobytes()))
    (CORPUS / "graphdef" / "splat").write_bytes(graph.field(1, 1) + shape + graph.field(5, 7.0))


def safetensors():
    header = {"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
              "b": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [8, 12]},
              "n": {"dtype": "I64", "shape": [], "data_offsets": [12, 20]}}  # fmt: skip
    text = json.dumps(header).encode()
    (CORPUS / "safetensors" / "tiny").write_bytes(len(text).to_bytes(8, "little") + text + bytes(20))


def tfjs():
    weights = [{"name": "q", "shape": [2], "dtype": "float32", "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1}},
               {"name": "h", "shape": [1], "dtype": "float32", "quantization": {"dtype": "float16"}}]  # fmt: skip
    layer = {"class_name": "BatchNormalization", "config": {"epsilon": 0.001}}
    model = {"modelTopology": {"model_config": {"config": {"layers": [layer]}}},
             "weightsManifest": [{"paths": ["b"], "weights": weights}]}  # fmt: skip
    (CORPUS / "tfjs" / "plain").write_bytes(json.dumps(model).encode() + b"\0\1\2\0\x3c")


def tars():
    members = {"a/1.jpg": b"picture", "a/1.cls": b"7\n", "./2.png": b"", "2.json": b'{"label": "x"}', "\u00e4" * 60 + "/3.jpg": b"3"}
    for name, kind in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        with tarfile.open(CORPUS / "tar" / name, "w", format=kind, encoding="utf-8") as tar:
            for path, data in members.items():
                if name == "ustar" and len(path) > 60:
                    continue
                info = tarfile.TarInfo(path)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("link.jpg")
            link.type, link.linkname = tarfile.LNKTYPE, "a/1.jpg"
            tar.addfile(link)
    (CORPUS / "tar" / "gzip").write_bytes(gzip.compress((CORPUS / "tar" / "ustar").read_bytes(), mtime=0))
    def text(value):
        return len(value).to_bytes(8, "little") + value

    left_out = numbers(1) + text(b"e.npy") + numbers(3)
    one = text(b"a.jpg") + text(b"cat") + numbers(1, 512, 7)
    two = text(b"b.jpg") + text(b"") + numbers(0, -1, -1)
    (CORPUS / "tar" / "index").write_bytes(numbers(2) + text(b"cut") + numbers(4) + left_out + one + two)


def manifests():
    (CORPUS / "manifest" / "header").write_bytes(b'\xef\xbb\xbflabel,path\r\nx,"a, ""b"".jpg"\r\n\r\n"two\nlines",b.jpg')
    (CORPUS / "manifest" / "plain").write_bytes(b"a.jpg\tx\nb.jpg\ty\r\n\nc.jpg\t\n")
    (CORPUS / "manifest" / "list").write_bytes(b"a.jpg\n\nb c.jpg\r\nlast\r")
    (CORPUS / "manifest" / "named").write_bytes(b"sep=;\r\npath;label\r\na.jpg;24\" TV\r\n")
    lines = b'{"path": "a.jpg", "label": 3.0, "more": {"x": [1], "y": true}}\n\n{"path": "b.jpg"}\n'
    (CORPUS / "manifest" / "json_lines").write_bytes(lines)


def numbers(*values):
    return b"".join(value.to_bytes(8, "little", signed=True) for value in values)


def job_files():
    """What jobs keep beside their outputs; the targets add checksums."""
    seeds = {
        "failure_log/two": numbers(3, 5, 5) + b"a.jpg" + numbers(4) + b"torn" + numbers(9, 8, 1) + b"b" + numbers(0),
        "failure_log/long": numbers(3, 5, 2**63 - 1) + b"a.jpg",
        "failure_log/status": numbers(3, 99, 0, 0),
        "undo/two": numbers(4096, 2, 0, 6, 4090, 6) + b"first.second",
        "undo/none": numbers(0, 0),
        "undo/long": numbers(4096, 1, 0, 2**62) + b"first",
        "undo/many": numbers(4096, 2**60),
        "lock/usual": b"host n7\njob 4711\npid 812\n",
        "lock/escape": b"host \x1b[31mred\njob\npid -1 pid",
        "journal/one": json.dumps({
            "format": "pool3 search", "fold_rows": [3, 4], "ranks": 1, "config": {"folds": 2},
            "features": {"catalogue_hash": "c", "weights_sha256": "a", "precision": "fp32"},
            "points": [{"C": 0.1, "mean": 0.5, "deviation": 0.1, "fold_accuracy": [0.5, None], "relative_gap": 1e-3, "epochs": 7,
                        "seconds": 0.2}]}).encode(),
        "journal/deep": b"[" * 100,
        "shard_index/two": (CORPUS / "tar" / "index").read_bytes(),
        "shard_index/count": numbers(2**62, 0),
    }  # fmt: skip
    for name, data in seeds.items():
        (CORPUS / name).parent.mkdir(exist_ok=True)
        (CORPUS / name).write_bytes(data)


def imports():
    folder = CORPUS / "import"
    folder.mkdir(exist_ok=True)
    x = np.arange(6, dtype="f4").reshape(3, 2)
    np.save(folder / "rows.npy", x)
    np.save(folder / "columns.npy", np.asfortranarray(x.astype(">f8")))
    np.save(folder / "texts.npy", np.array(["a", "b\u00e9"]))
    np.save(folder / "numbers.npy", np.array([1, 2, 3]))
    np.savez_compressed(folder / "a.npz", X=x.astype("f2"), y=np.array([1, 0, 1], "i1"))
    (folder / "a.csv").write_text('a,b,label\n1,2.5,"x, y"\n3,4,z\n')
    (folder / "a.tsv").write_text("0\t1\n1e3\tnan\n")
    (folder / "a.svm").write_text("+1 1:0.5 3:2 # c\n-1 qid:3 2:1\n")


def results():
    """What report and baseline read again."""
    evaluation = {"format": "pool3 evaluation", "format_version": 1, "accuracy": 0.75, "rows": 4, "rows_are": "held-out",
                  "accuracy_interval": [0.25, 1], "top5_accuracy": 1, "sets": {"coverage": 0.95, "covered": 1, "mean_size": 1.5},
                  "log_loss": 0.5, "brier": 0.2, "calibration_error": 0.1,
                  "reliability": [{"low": 0, "high": 1, "rows": 4, "confidence": 0.5, "accuracy": 0.75}],
                  "classes": ["a", "b"], "confusion_matrix": [[2, 1], [0, 1]]}
    search = {"format": "pool3 search", "format_version": 1, "scoring": "accuracy", "folds": 2, "fold_rows": [3, 4], "best": 1,
              "points": [{"kernel": "linear", "C": 0.1, "mean": 0.5, "fold_accuracy": [0.5, None], "seconds": 0.2},
                         {"kernel": "rbf", "gamma": 2, "C": 1, "mean": 0.6, "fold_accuracy": [0.6, 0.6], "seconds": 1}]}
    audit = {"format": "pool3 audit", "notes": ["few"], "lists": {"copies": [{"row": 3, "other_row": 1, "path": "a\u202e.png"}]}}
    metrics = [{"time": 100, "rank": 0, "kind": "progress", "stage": "extract", "elapsed_seconds": 5},
               {"time": 101, "rank": 0, "kind": "end", "exit_code": 0},
               {"time": 110, "rank": 0, "kind": "rank", "stage": "extract", "images": 4, "read_seconds": 1, "elapsed_seconds": 8}]
    entry = {"kind": "softmax", "settings": {"C": [1.0]}, "accuracy": 0.5, "accuracy_interval": [0, 1], "balanced_accuracy": 0.5,
             "log_loss": None, "seconds": 0.1, "model_bytes": 100, "C": 1, "search": [{"C": 1, "mean": 0.5, "fold_accuracy": [0.5]}],
             "paired": {"only_svm_right": 1, "only_this_right": 0, "p": 1}, "predicted": [0, 0]}
    table = {"format": "pool3 baselines", "format_version": 1,
             "features": {"catalogue_hash": "c", "weights_sha256": "a", "profile": "nsfwjs", "precision": "fp32"},
             "split": {"rule": "key", "seed": 42, "test_fraction": 0.2}, "config": {}, "training_rows": 3, "model": "m.h5",
             "baselines": [entry], "classes": ["a", "b"], "rows": [1, 4], "truth": [0, 1]}
    get = b"GET /api/rows/3?top=%35&x HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: http://localhost:8080\r\n\r\n"
    post = b"POST /api/classify HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Pool3: 1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n\x89PNG"
    chunked = b"POST / HTTP/1.1\r\nHost: [::1]:1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    seeds = {"results/evaluation": json.dumps(evaluation).encode(), "results/search": json.dumps(search).encode(),
             "results/audit": json.dumps(audit).encode(), "results/metrics": "\n".join(map(json.dumps, metrics)).encode(),
             "baselines/one": json.dumps(table).encode(), "http/two": get + post, "http/chunked": chunked}  # fmt: skip
    for name, data in seeds.items():
        (CORPUS / name).parent.mkdir(exist_ok=True)
        (CORPUS / name).write_bytes(data)


for make in (pickles, keras, hdf5, graphdefs, safetensors, tfjs, tars, manifests, imports, job_files, results):
    make()
