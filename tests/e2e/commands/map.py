"""pool3 map: beside scikit-learn's t-SNE and measures on the same rows; bytes, ranks, sampling, and what is refused."""

import json
import pathlib
import sys

import h5py
import numpy as np
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

K = 10


def neighbours_kept(x, y):
    of = [NearestNeighbors(n_neighbors=K).fit(rows).kneighbors(return_distance=False) for rows in (x, y)]
    return np.mean([len(set(a) & set(b)) / K for a, b in zip(*of)])


def check_quality(check, x, path):
    with h5py.File(path) as f:
        places, rows, told = f["map/positions"][:], f["map/rows"][:], dict(f.attrs)
    check(places.shape == (len(x), 2) and places.dtype == np.float32 and (rows == np.arange(len(x))).all(), "h5py reads positions and rows")
    trust, kept = trustworthiness(x, places, n_neighbors=K), neighbours_kept(x, places)
    check(abs(told["trustworthiness"] - trust) < 1e-4, f"trustworthiness {told['trustworthiness']:.4f}, scikit-learn measures {trust:.4f}")
    check(abs(told["neighbours_kept"] - kept) < 2e-3, f"neighbours kept {told['neighbours_kept']:.4f}, scikit-learn's neighbours say {kept:.4f}")
    components = np.linalg.svd(x - x.mean(0), full_matrices=False)[2][:2]
    pca = trustworthiness(x, x @ components.T, n_neighbors=K)
    check(abs(told["pca_trustworthiness"] - pca) < 1e-4, f"of two components {told['pca_trustworthiness']:.4f}, NumPy's have {pca:.4f}")
    other = TSNE(perplexity=30, init="pca", learning_rate="auto", random_state=0).fit_transform(x)
    theirs = trustworthiness(x, other, n_neighbors=K), neighbours_kept(x, other)
    check(trust > theirs[0] - 0.002 and kept > theirs[1] - 0.015, f"scikit-learn's map has {theirs[0]:.4f} and {theirs[1]:.4f}")


def check_bytes(check, pool3, folder, features, path):
    for name, flags, ranks in (("threads", ["--threads", 3], 0), ("ranks", [], 2)):
        other = folder / f"{name}.h5"
        pool3("map", features, "--out", other, *flags, ranks=ranks)
        check(other.read_bytes() == path.read_bytes(), f"the same bytes with other {name}")
    pool3("verify", path, ranks=0)
    told = json.loads(pool3("inspect", "--json", path, ranks=0).out)
    check(told["kind"] == "map" and told["rows"] > 0, "inspect knows it")
    path.write_bytes(path.read_bytes()[:-9] + b"x" + path.read_bytes()[-8:])
    check("damaged" in pool3("verify", path, ranks=0, code=1).err, "verify finds a byte that has changed")


def check_sampling(check, pool3, folder, features):
    path = folder / "sampled.h5"
    pool3("map", features, "--out", path, "--most", 250, ranks=0)
    with h5py.File(path) as f:
        places, told = f["map/positions"][:], dict(f.attrs)
    check(told["laid_out"] == 250 and np.isfinite(places).all(), "250 rows are laid out, and all have a place")
    check(told["trustworthiness"] > told["pca_trustworthiness"] + 0.02, f"still better than components: {told['trustworthiness']:.4f}")


def check_refusals(check, pool3, folder, features):
    few = folder / "few.npy"
    np.save(few, np.eye(4, dtype=np.float32))
    pool3("import", "--features", few, "--out", folder / "few.h5", ranks=0)
    result = pool3("map", folder / "few.h5", "--out", folder / "none.h5", ranks=2, code=1)
    check("4 rows" in result.err and len(result.errors()) == 1 and not (folder / "none.h5").exists(), "four rows are too few: one line")
    np.save(few, 1e30 * np.arange(40, dtype=np.float32).reshape(8, 5))
    pool3("import", "--features", few, "--out", folder / "large.h5", ranks=0)
    result = pool3("map", folder / "large.h5", "--out", folder / "none.h5", ranks=0, code=1)
    check("overflow" in result.err and len(result.errors()) == 1, "features whose squares are too large: one line")
    for flags in (["--perplexity", 0], ["--steps", 0], ["--most", 5], ["--threads", -1]):
        check(len(pool3("map", features, "--out", folder / "none.h5", *flags, ranks=0, code=2).errors()) == 1, f"{flags} are refused")
    same = folder / "same.npy"
    np.save(same, np.ones((30, 8), dtype=np.float32))
    pool3("import", "--features", same, "--out", folder / "same.h5", ranks=0)
    pool3("map", folder / "same.h5", "--out", folder / "same.map.h5", ranks=0)
    with h5py.File(folder / "same.map.h5") as f:
        check(np.isfinite(f["map/positions"][:]).all(), "rows that are all the same have places")


def main():
    check, pool3, folder = support.start_test(__doc__)
    x, y = load_digits(return_X_y=True)
    x = x[:500].astype(np.float32)
    np.savez(folder / "digits.npz", X=x, y=y[:500])
    features, path = folder / "digits.h5", folder / "map.h5"
    pool3("import", "--features", folder / "digits.npz", "--out", features, ranks=0)
    result = pool3("map", features, "--out", path, ranks=0)
    check("trustworthiness" in result.out and "two components" in result.out, "stdout says how good it is, beside two components")
    check_quality(check, x, path)
    check_bytes(check, pool3, folder, features, path)
    check_sampling(check, pool3, folder, features)
    check_refusals(check, pool3, folder, features)
    check.finish()


if __name__ == "__main__":
    main()
