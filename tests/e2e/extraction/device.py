"""--device and --profile: what happens without a GPU, and TorchScript networks, which run through the device path."""

import pathlib
import sys

import h5py
import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from failing import FAILED, USAGE, Errors  # noqa: E402
from reference import Reference  # noqa: E402

FOLDERS = ["animals", "tools"]
COUNT = 3


def has_gpu():
    return any(pathlib.Path(p).exists() for p in ("/dev/nvidiactl", "/dev/dxg"))


def features(path):
    with h5py.File(path) as f:
        return f["features"][:], {name: f.attrs[name] for name in ("precision", "profile")}


def extract(pool3, corpus, out, *flags, ranks=0):
    return pool3("extract", "--corpus", corpus, "--out", out, "--batch", 2, *flags, ranks=ranks)


def check_devices(check, pool3, folder, corpus):
    weights = ["--weights", pool3.weights, "--precision", "fp32"]
    told = {}
    for device in ("auto", "cpu"):
        told[device] = extract(pool3, corpus, folder / f"{device}.h5", *weights, "--device", device, ranks=2)
    check("fp32 on cpu" in told["cpu"].err, "the log names device and precision")
    if has_gpu():
        cpu, gpu = (features(folder / f"{device}.h5")[0] for device in ("cpu", "auto"))
        worst = (np.abs(cpu - gpu).max(1) / np.linalg.norm(cpu, axis=1)).max()
        check(worst <= 1e-3, f"GPU and CPU agree in fp32: largest difference {worst:.1e} of the norm")
        return
    check("fp32 on cpu" in told["auto"].err, "without a GPU, auto takes the CPU")
    check(np.array_equal(features(folder / "auto.h5")[0], features(folder / "cpu.h5")[0]), "with the same features")


def script(weights, path):
    """torchvision's module with the weights of pool3's own file, traced by PyTorch."""
    net = Reference(weights).net
    with torch.no_grad():
        torch.jit.trace(net, torch.zeros(1, 3, 299, 299)).save(str(path))


def check_torchscript(check, pool3, folder, corpus):
    path = folder / "network.pt"
    script(pool3.weights, path)
    flags = ["--weights", path, "--profile", "nsfwjs"]
    result = extract(pool3, corpus, folder / "script.h5", *flags)
    check("fp32 on" in result.err, "a TorchScript network runs in fp32")
    got, attributes = features(folder / "script.h5")
    want = features(folder / "cpu.h5")[0]
    cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
    worst = (np.abs(got - want).max(1) / np.linalg.norm(want, axis=1)).max()
    check(cosine.min() >= 0.99999 and worst <= 1e-3, f"its features are the network's: {cosine.min():.7f}, {worst:.1e}")
    extract(pool3, corpus, folder / "script2.h5", *flags, "--threads", 2, ranks=2)
    check(np.array_equal(got, features(folder / "script2.h5")[0]), "two ranks of two threads give the same bytes")
    extract(pool3, corpus, folder / "keras.h5", "--weights", path, "--profile", "keras")
    other, attributes = features(folder / "keras.h5")
    check(attributes["profile"] == b"keras" and not np.allclose(other, got, rtol=1e-2), "--profile changes the input")
    model = folder / "model.h5"
    pool3("train", "--features", folder / "keras.h5", "--out", model, "--test-fraction", 0, "--probability-folds", 0)
    picture = next((corpus / FOLDERS[0]).rglob("*.png"))
    check(support.predicts_as_features(pool3, model, folder / "keras.h5", corpus, picture, path),
          "predict uses the profile that the features were made with")
    told = pool3("inspect", path)
    check("TorchScript network" in told.out and "input profile" in told.out, "inspect says what it is")


class Hungry(torch.nn.Module):
    """Needs more memory than any machine has."""

    def forward(self, x):
        return torch.zeros([x.size(0), 2048, 1 << 40])


def check_errors(check, pool3, folder, corpus):
    errors = Errors(check, pool3, folder, None)
    out = ["--corpus", corpus, "--out", folder / "never.h5"]
    weights = ["--weights", pool3.weights]
    if not has_gpu():
        errors(FAILED, "--device cuda: this system shows no NVIDIA GPU", "extract", *out, *weights, "--device", "cuda")
        errors(FAILED, "--device cuda", "predict", "--model", folder / "model.h5", "x.png", "--weights", folder / "network.pt",
               "--device", "cuda")
    errors(USAGE, "--device must be", "extract", *out, *weights, "--device", "tpu")
    errors(USAGE, "--precision must be", "extract", *out, *weights, "--precision", "fp8")
    errors(USAGE, "fp16 needs a GPU", "extract", *out, *weights, "--device", "cpu", "--precision", "fp16")
    errors(USAGE, "--profile must be", "extract", *out, *weights, "--profile", "caffe")
    script_path, wrong, broken = folder / "network.pt", folder / "wrong.pt", folder / "broken.pt"
    errors(USAGE, "input profile", "extract", *out, "--weights", script_path)
    torch.jit.trace(torch.nn.AvgPool2d(2), torch.zeros(1, 3, 299, 299)).save(str(wrong))
    errors(FAILED, "not 2048 features", "extract", *out, "--weights", wrong, "--profile", "keras")
    torch.jit.trace(torch.nn.Linear(3, 2048), torch.zeros(1, 3)).save(str(broken))
    errors(FAILED, "TorchScript (broken.pt)", "extract", *out, "--weights", broken, "--profile", "keras")
    errors(FAILED, "shapes cannot be multiplied", "extract", *out, "--weights", broken, "--profile", "keras")
    torch.jit.script(Hungry()).save(str(folder / "hungry.pt"))
    errors(FAILED, "give a smaller --batch", "extract", *out, "--weights", folder / "hungry.pt", "--profile", "keras")
    errors(FAILED, "can't be converted", "convert", "--weights", script_path, "--out", folder / "never.safetensors")
    errors(FAILED, "does not show its layers", "inspect-image", next(corpus.rglob("*.png")), "--weights", script_path,
           "--out", folder / "never")
    errors.wait()
    check(not list(folder.glob("never*.h5")), "nothing was begun")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = folder / "corpus"
    support.build_corpus(corpus, FOLDERS, COUNT)
    check_devices(check, pool3, folder, corpus)
    check_torchscript(check, pool3, folder, corpus)
    check_errors(check, pool3, folder, corpus)
    check.finish()


if __name__ == "__main__":
    main()
