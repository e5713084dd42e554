#!/usr/bin/python3
"""scikit-learn or LIBLINEAR as a peer of bench/compare svm.

    svm_worker.py dual|primal|liblinear-dual|liblinear-primal X.f32 LABELS.i32 DIM CLASSES COEF.f64 [CLASS...]

Reads rows and labels, says "ready", and then answers each line "l1|l2 C TOLERANCE" (0: its own default) with the CPU and
the wall seconds of a fit from the start, its iterations (0: not told), and 0. COEF.f64 then holds [CLASSES, DIM + 1],
intercepts last; with classes named, only those are fitted, each against the rest, and the others are 0. Each of these
fits copies the rows, which one fit of all classes would do once. So the seconds count the copy for the part of the classes
alone; as its price counts a fit that ends after one iteration, which is more.
"""

import ctypes
import sys
import time
import warnings

import numpy as np


class ScikitLearn:
    def __init__(self, dual, x, labels, chosen):
        self.dual, self.x, self.labels, self.chosen, self.not_counted = dual, x, labels, chosen, np.zeros(2)

    def fit(self, loss, C, tolerance):
        from sklearn.svm import LinearSVC
        warnings.simplefilter("ignore")  # at its defaults it says that it has not converged
        model = LinearSVC(loss={"l1": "hinge", "l2": "squared_hinge"}[loss], dual=self.dual, C=C, tol=tolerance or 1e-4,
                          random_state=0)
        if not self.chosen:
            model.fit(self.x, self.labels)
            self.iterations = int(np.max(model.n_iter_))
            return np.hstack([model.coef_, model.intercept_[:, None]])
        out = np.zeros((self.labels.max() + 1, self.x.shape[1] + 1))
        start = self.clocks()
        LinearSVC(loss=model.loss, dual=self.dual, C=C, max_iter=1).fit(self.x, self.labels == self.chosen[0])
        copy = self.clocks() - start
        self.not_counted = copy * (1 + len(self.chosen) - len(self.chosen) / len(out))
        for k in self.chosen:
            model.fit(self.x, self.labels == k)
            out[k] = np.hstack([model.coef_[0], model.intercept_])
        return out

    @staticmethod
    def clocks():
        return np.array([time.process_time(), time.perf_counter()])

    def coefficients(self, model):
        return model


class Node(ctypes.Structure):
    _fields_ = [("index", ctypes.c_int), ("value", ctypes.c_double)]


class LiblinearProblem(ctypes.Structure):
    _fields_ = [("l", ctypes.c_int), ("n", ctypes.c_int), ("y", ctypes.c_void_p), ("x", ctypes.c_void_p),
                ("bias", ctypes.c_double)]


class LiblinearParameter(ctypes.Structure):
    """`nu` and `regularize_bias` are of later versions; to 2.3, nu = 0 is a null `init_sol`."""
    _fields_ = [("solver_type", ctypes.c_int), ("eps", ctypes.c_double), ("C", ctypes.c_double),
                ("nr_weight", ctypes.c_int), ("weight_label", ctypes.c_void_p), ("weight", ctypes.c_void_p),
                ("p", ctypes.c_double), ("nu", ctypes.c_double), ("init_sol", ctypes.c_void_p),
                ("regularize_bias", ctypes.c_int)]


class Liblinear:
    """The library itself: no file is read in the time that is measured."""

    def __init__(self, dual, x, labels, chosen):
        if chosen:
            sys.exit("svm_worker: LIBLINEAR fits all classes")
        self.dual, self.rows, self.dim, self.iterations = dual, x.shape[0], x.shape[1], 0
        self.not_counted = np.zeros(2)
        self.library = ctypes.CDLL("liblinear.so.4")
        self.library.train.restype = ctypes.c_void_p
        self.library.get_decfun_coef.restype = self.library.get_decfun_bias.restype = ctypes.c_double
        self.quiet = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda text: None)
        self.library.set_print_string_function(self.quiet)
        self.nodes = np.zeros((self.rows, self.dim + 2), np.dtype([("index", "<i4"), ("value", "<f8")], align=True))
        self.nodes["index"][:, :-1] = np.arange(1, self.dim + 2)
        self.nodes["index"][:, -1] = -1
        self.nodes["value"][:, :-2] = x
        self.nodes["value"][:, -2] = 1  # the bias
        self.starts = (self.nodes.ctypes.data + np.arange(self.rows) * self.nodes.strides[0]).astype(np.uint64)
        self.y = labels.astype(np.float64)

    def fit(self, loss, C, tolerance):
        kind = (1 if self.dual else 2) if loss == "l2" else 3
        problem = LiblinearProblem(self.rows, self.dim + 1, self.y.ctypes.data, self.starts.ctypes.data, 1.0)
        own = 0.01 if kind == 2 else 0.1
        parameter = LiblinearParameter(kind, tolerance or own, C, 0, None, None, 0.1, 0.0, None, 1)
        return self.library.train(ctypes.byref(problem), ctypes.byref(parameter))

    def coefficients(self, model):
        count = len(np.unique(self.y))
        order = (ctypes.c_int * count)()
        self.library.get_labels(ctypes.c_void_p(model), order)
        out = np.empty((count, self.dim + 1))
        for k in range(count):
            for j in range(self.dim):
                out[order[k], j] = self.library.get_decfun_coef(ctypes.c_void_p(model), j + 1, k)
            out[order[k], -1] = self.library.get_decfun_bias(ctypes.c_void_p(model), k)
        self.library.free_and_destroy_model(ctypes.byref(ctypes.c_void_p(model)))
        return out


def main():
    kind, x, labels, dim, _, path, *chosen = sys.argv[1:]
    x = np.fromfile(x, "<f4").reshape(-1, int(dim)).astype(np.float64)  # what both compute with
    peer = (Liblinear if kind.startswith("liblinear") else ScikitLearn)(kind.endswith("dual"), x, np.fromfile(labels, "<i4"),
                                                                      [int(k) for k in chosen])
    print("ready", flush=True)
    for line in sys.stdin:
        loss, C, tolerance = line.split()
        cpu, wall = time.process_time(), time.perf_counter()
        model = peer.fit(loss, float(C), float(tolerance))
        cpu, wall = np.array([time.process_time() - cpu, time.perf_counter() - wall]) - peer.not_counted
        peer.coefficients(model).astype("<f8").tofile(path)
        print(cpu, wall, peer.iterations, 0, flush=True)


if __name__ == "__main__":
    main()
