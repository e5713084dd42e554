#!/usr/bin/python3
"""pool3's network against ONNX Runtime and PyTorch: images a second of one core, measured side by side in one run.

All peers have the same weights and see the same real pictures; their features are compared first. Then each peer's
best batch is looked for, and the best ones run in turn, so that a slow minute of the machine hits all of them. A ratio
is taken within one round; the table gives the median over the rounds, and the least and largest one.

With --kinds, every kind of kernel that the CPU has, as CPUs with less than this one run them, and then each kind's
layers alone with its share of the peak of one core. These are the tables of docs/measurements/network.md. ONNX Runtime
asks the CPU itself what it has and can't be told to use less, so kinds without AVX-512 are held against PyTorch's
frozen network as well, whose oneDNN is told to use AVX2 alone.

With --scaling, pool3 alone: two threads of one process, and two processes, against one core.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np

from shared.peers import ROOT, Worker, cpu_facts, fail, machine, machine_line, rates_of, ratios, summary

BASE = "ONNX Runtime fp32"
AVX2_BASE = "PyTorch frozen AVX2 fp32"
PACKAGE = ROOT / "work/bench/node_modules/onnxruntime-node"
PYTHON = "/usr/bin/python3"
CHECKED = 8  # pictures
# Against ONNX Runtime's fp32 features. A peer that falls short computes something else.
LEAST_COSINE = {"fp32": 0.99999, "bf16": 0.995, "int8": 0.98}
# How many images a second to expect, for the length of the first measurements alone.
GUESS = {"fp32": 5, "bf16": 20, "int8": 20}


class Files:
    """The network and the pictures in every peer's form."""

    def __init__(self, folder, weights, picture_folder):
        from network_vs_torchvision import pictures
        import network_vs_torchvision
        network_vs_torchvision.PICTURES = picture_folder
        self.folder, self.weights = folder, weights
        self.nhwc, self.nchw, self.onnx = folder / "nhwc.f32", folder / "nchw.f32", folder / "network.onnx"
        inputs = pictures(CHECKED)
        inputs.astype("<f4").tofile(self.nhwc)
        inputs.transpose(0, 3, 1, 2).astype("<f4").tofile(self.nchw)
        subprocess.run([PYTHON, ROOT / "bench/workers/torch_worker.py", "--export", weights, self.onnx], check=True)

    def features(self, name):
        return np.fromfile(self.path_of(name), "<f4").reshape(CHECKED, -1).astype(np.float64)

    def path_of(self, name):
        return self.folder / (name.replace(" ", "_") + ".out.f32")


def commands(files, build, with_kinds=False):
    """{peer: command with None for the features' path}."""
    pool3 = build / "bench/bench_network_worker"
    limited = {f"pool3 {limit} {precision}": ["env", f"POOL3_MAX_INSTRUCTIONS={limit}", pool3, files.weights, files.nhwc,
                                              None, precision]
               for limit, precision in (kinds() if with_kinds else [])}
    torch = [PYTHON, ROOT / "bench/workers/torch_worker.py", files.weights, files.nchw]
    if limited:
        limited[AVX2_BASE] = ["env", "ONEDNN_MAX_CPU_ISA=AVX2", "ATEN_CPU_CAPABILITY=avx2", *torch, None, "frozen"]
    return {
        BASE: ["node", ROOT / "bench/workers/onnx_worker.js", PACKAGE, files.onnx, files.nchw, None],
        "pool3 fp32": [pool3, files.weights, files.nhwc, None, "fp32"],
        "pool3 bf16": [pool3, files.weights, files.nhwc, None, "bf16"],
        "pool3 int8": [pool3, files.weights, files.nhwc, None, "int8"],
        **limited,
        "PyTorch eager NCHW fp32": [*torch, None, "eager"],
        "PyTorch frozen channels_last fp32": [*torch, None, "frozen"],
        "PyTorch frozen channels_last bf16": [*torch, None, "frozen_bf16"],
    }


# Flags that kernels need, by POOL3_MAX_INSTRUCTIONS.
KINDS = {
    "avx2": ("avx2", ["fp32"]),
    "avx2_vnni": ("avx_vnni", ["int8"]),
    "avx512": ("avx512f", ["fp32"]),
    "avx512_vnni": ("avx512_vnni", ["int8"]),
    "avx512_bf16": ("avx512_bf16", ["bf16"]),
    "amx": ("amx_int8", ["bf16", "int8"]),
}


def kinds():
    """[(instructions, precision)] that this CPU has kernels for."""
    flags = cpu_facts()["flags"]
    return [(limit, precision) for limit, (flag, all_of) in KINDS.items() if flag in flags for precision in all_of]


def runnable(names):
    """Those of them that this CPU can run; says which it can't."""
    had = {precision for _, precision in kinds()} | {"fp32", "bf16"}  # LibTorch has these two
    left_out = [name for name in names if name.startswith("pool3") and precision_of(name) not in had]
    for name in left_out:
        print(f"{name}: left out, this CPU has no instructions for it")
    return [name for name in names if name not in left_out]


def start(files, build, names, cores, suffix="", with_kinds=False):
    """Worker processes, each ready. They start one after the other."""
    workers = {}
    for name, command in commands(files, build, with_kinds).items():
        if name in names:
            out = files.path_of(name + suffix)
            workers[name] = Worker(name, [out if word is None else word for word in command], cores)
            workers[name].wait_until_ready()
    return workers


def precision_of(name):
    return name[-4:]


def cosines(files, names):
    """The least cosine of each peer's features to ONNX Runtime's. Fails if any computes something else."""
    base, least = files.features(BASE), {}
    between = (base * np.roll(base, 1, 0)).sum(1) / np.linalg.norm(base, axis=1) / np.linalg.norm(np.roll(base, 1, 0), axis=1)
    if between.max() > 0.99:
        fail("the pictures are too much alike to compare features")
    for name in names:
        ours = files.features(name)
        each = (base * ours).sum(1) / np.linalg.norm(base, axis=1) / np.linalg.norm(ours, axis=1)
        least[name] = float(each.min())
        if not least[name] >= LEAST_COSINE[precision_of(name)]:
            fail(f"{name}: its features differ from ONNX Runtime's, cosine {least[name]:.6f}")
    return least


def question(worker, batch, calls):
    return (lambda: worker.ask(f"{batch} {calls} 1")), batch * calls


def best_batches(workers, batches, repeats):
    """{peer: (best batch, its rate)}, from rounds over all peers and batches."""
    asked = {(name, batch): question(worker, batch, max(1, GUESS[precision_of(name)] // (2 * batch)))
             for batch in batches for name, worker in workers.items()}
    rates = {key: max(values) for key, values in rates_of(asked, repeats).items()}
    best = {}
    for name in workers:
        batch = max(batches, key=lambda b: rates[name, b])
        best[name] = {"batch": batch, "rate": rates[name, batch], "swept": {b: rates[name, b] for b in batches}}
    return best


def compare(files, args, report):
    names = runnable([n for n in commands(files, args.build, args.kinds)
                      if not args.peers or n == BASE or any(p in n for p in args.peers)])
    workers = start(files, args.build, names, {args.cores[0]}, with_kinds=args.kinds)
    least = cosines(files, names)
    best = best_batches(workers, args.batches, 2)
    calls = {name: max(1, round(args.seconds * b["rate"] / b["batch"])) for name, b in best.items()}
    rates = rates_of({name: question(workers[name], b["batch"], calls[name]) for name, b in best.items()}, args.repeats)
    for worker in workers.values():
        worker.close()
    report["peers"] = [{"name": name, "batch": best[name]["batch"], "images_per_second": summary(rates[name]),
                        "of_onnx_runtime": ratios(rates[name], rates[BASE]), "least_cosine": least[name],
                        "of_avx2": ratios(rates[name], rates[AVX2_BASE]) if AVX2_BASE in rates and "avx2" in name else None,
                        "swept": best[name]["swept"]} for name in names]
    print(f"{'peer':<36}{'batch':>6}{'images/s':>10}{'least':>8}{'largest':>9}"
          f"{'of ONNX Runtime (least, largest)':>36}{'cosine':>11}")
    for p in report["peers"]:
        rate, ratio = p["images_per_second"], p["of_onnx_runtime"]
        spread = f"{ratio['median']:.2f} ({ratio['least']:.2f}, {ratio['largest']:.2f})"
        print(f"{p['name']:<36}{p['batch']:>6}{rate['median']:>10.1f}{rate['least']:>8.1f}{rate['largest']:>9.1f}"
              f"{spread:>36}{p['least_cosine']:>11.6f}")
    for p in report["peers"]:
        if ratio := p["of_avx2"]:
            print(f"{p['name']}: {ratio['median']:.2f} ({ratio['least']:.2f}, {ratio['largest']:.2f}) of {AVX2_BASE}")


def layers(args, report):
    """Each kind's layers alone, in CPU time, with its share of the peak."""
    told = subprocess.run([args.build / "bench/bench_network_layers", "all", "10"], check=True, capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {args.cores[0]})).stdout
    report["layers"] = told
    print(f"\nlayers alone: {told.splitlines()[0]}\n{'kernels':<20}{'ms/image':>10}{'GFLOP/s':>10}{'peak':>8}{'share':>8}")
    kernels = peak = None
    if ": peak " not in told:
        fail(f"{args.build}/bench/bench_network_layers is of another version (run scripts/build bench)")
    for line in told.splitlines():
        words = line.split()
        if ": peak " in line:
            kernels, peak = words[0].rstrip(":"), words[2]
        elif words and words[0] == "all":
            print(f"{kernels:<20}{words[1]:>10}{words[2]:>10}{peak:>8}{words[3]:>8}")


def both(workers, line):
    """The slower one's seconds of two processes that run at once."""
    for worker in workers:
        worker.tell(line)
    return max(worker.answer() for worker in workers)


def scaling(files, args, report):
    first, second = args.cores[:2]
    report["scaling"] = []
    print(f"\n{'pool3 on two cores':<36}{'batch':>6}{'one core':>10}{'two':>10}{'ratio (least, largest)':>36}")
    for name in ("pool3 fp32", "pool3 bf16"):
        one, other = (start(files, args.build, [name], {c}, str(c))[name] for c in (first, second))
        pair = start(files, args.build, [name], {first, second}, "pair")[name]
        batch = args.scaling_batch
        calls = max(1, round(args.seconds / one.ask(f"{batch} 1 1")))
        line, count = f"{batch} {calls} 1", batch * calls
        rates = rates_of({"one": (lambda: one.ask(line), count), "processes": (lambda: both((one, other), line), 2 * count),
                          "threads": (lambda: pair.ask(f"{batch} {calls} 2"), 2 * count)}, args.repeats)
        for kind in ("processes", "threads"):
            ratio = ratios(rates[kind], rates["one"])
            report["scaling"].append({"name": name, "kind": kind, "batch": batch, "one": summary(rates["one"]),
                                      "two": summary(rates[kind]), "ratio": ratio})
            spread = f"{ratio['median']:.2f} ({ratio['least']:.2f}, {ratio['largest']:.2f})"
            print(f"{name + ', 2 ' + kind:<36}{batch:>6}{np.median(rates['one']):>10.1f}{np.median(rates[kind]):>10.1f}{spread:>36}")
        for worker in (one, other, pair):
            worker.close()


def parse():
    p = argparse.ArgumentParser(prog="bench/compare network", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(n) for n in text.split(",")]  # noqa: E731
    p.add_argument("--repeats", type=int, default=7, help="rounds over all peers (7)")
    p.add_argument("--seconds", type=float, default=1.5, help="length of one measurement (1.5)")
    p.add_argument("--batches", type=numbers, default=[1, 4, 8, 16, 32], help="what each peer may choose from (1,4,8,16,32)")
    p.add_argument("--cores", type=numbers, help="cores to run on: the first, and a second for --scaling; default: the last ones")
    p.add_argument("--peers", nargs="*", help="only peers whose names hold one of these words, and ONNX Runtime")
    p.add_argument("--kinds", action="store_true", help="every kind of kernel that the CPU has, and its share of the peak")
    p.add_argument("--scaling", action="store_true", help="pool3 on two cores against one, too; they should be idle")
    p.add_argument("--scaling-batch", type=int, default=16, help="its batch (16)")
    p.add_argument("--only-scaling", action="store_true", help="nothing but that")
    p.add_argument("--json", type=pathlib.Path, help="file to write figures and the machine's description to")
    p.add_argument("--weights", type=pathlib.Path, default=ROOT / "weights/inception_v3.safetensors", help="pool3's own format")
    p.add_argument("--pictures", default="/usr/share/openclipart/png", help="folder of PNG pictures")
    p.add_argument("--build", type=pathlib.Path, help="build folder with the benchmarks; default: made by scripts/build bench")
    args = p.parse_args()
    args.cores = args.cores or sorted(os.sched_getaffinity(0), reverse=True)
    args.scaling |= args.only_scaling
    if args.scaling and len(args.cores) < 2:
        fail("--scaling needs two cores")
    if not set(args.cores) <= os.sched_getaffinity(0):
        fail(f"--cores: only {sorted(os.sched_getaffinity(0))} can be used")
    return args


def main():
    args = parse()
    if not args.build:
        args.build = ROOT / "build/bench"
        subprocess.run([ROOT / "scripts/build", "bench", "pool3", "bench_network_worker", "bench_network_layers"], check=True)
    subprocess.run([ROOT / "scripts/setup", "bench", "test", "weights"], check=True)
    if not args.weights.is_file():
        fail(f"{args.weights}: there are no weights")
    report = {"subject": "network", "machine": machine(), "cores": args.cores, "repeats": args.repeats}
    print(machine_line(report["machine"]))
    report["onnxruntime_node"] = json.loads((PACKAGE / "package.json").read_text())["version"]
    report["torch"] = subprocess.run([PYTHON, "-c", "import torch; print(torch.__version__)"], check=True,
                                     capture_output=True, text=True).stdout.strip()
    print(f"onnxruntime-node {report['onnxruntime_node']}, PyTorch {report['torch']}, core {args.cores[0]}\n")
    with tempfile.TemporaryDirectory(prefix="pool3-bench-") as folder:
        files = Files(pathlib.Path(folder), args.weights, args.pictures)
        if not args.only_scaling:
            compare(files, args, report)
        if args.kinds:
            layers(args, report)
        if args.scaling:
            scaling(files, args, report)
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
