#!/usr/bin/python3
"""The nearest rows by NumPy or faiss, as bench/compare neighbours asks for them: see neighbours_worker.cpp for the
questions and answers.

  neighbours_worker.py numpy|faiss ROWS.f32 QUERIES.f32 WIDTH cosine|euclidean TOP THREADS
"""

import sys
import time

import numpy as np


def numpy_search(x, metric, top):
    """A product, then the least of each line: what one writes by hand."""
    squares = np.einsum("ij,ij->i", x, x)

    def search(queries):
        products = queries @ x.T
        own = np.einsum("ij,ij->i", queries, queries)[:, None]
        d = 1 - products / np.sqrt(own * squares) if metric == "cosine" else own + squares - 2 * products
        some = np.argpartition(d, top, axis=1)[:, :top]
        order = np.take_along_axis(d, some, 1).argsort(axis=1)
        return np.take_along_axis(some, order, 1)

    return search


def faiss_search(x, metric, top, threads):
    import faiss  # pylint: disable=import-outside-toplevel

    faiss.omp_set_num_threads(threads)
    if metric == "cosine":
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
    index = (faiss.IndexFlatIP if metric == "cosine" else faiss.IndexFlatL2)(x.shape[1])
    index.add(x)
    return lambda queries: index.search(queries, top)[1]


def main():
    kind, rows, queries, width, metric, top, threads = sys.argv[1:]
    x = np.fromfile(rows, "<f4").reshape(-1, int(width))
    q = np.fromfile(queries, "<f4").reshape(-1, int(width))
    search = numpy_search(x, metric, int(top)) if kind == "numpy" else faiss_search(x, metric, int(top), int(threads))
    print("ready", flush=True)
    for line in sys.stdin:
        some = q[: int(line)]
        wall, cpu = time.perf_counter(), time.process_time()
        found = search(some)
        print(time.perf_counter() - wall, time.process_time() - cpu, *found[0], flush=True)


if __name__ == "__main__":
    main()
