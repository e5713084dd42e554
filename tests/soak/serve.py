#!/usr/bin/python3
"""Damaged pictures, malformed requests, slow clients, cut connections and a crowd of uploads against `pool3 serve`, all at
once. Each is answered or closed in time, the server's memory stays bounded, and a client that behaves is served as before:
its pictures get the same answer throughout. At the end the server ends in order, and no sanitizer has anything to say.

    tests/soak/serve.py --pool3 PROGRAM --weights FILE --features F.h5 --model M.h5 [--count 1000] [--seed 1] [--seconds 20]

--count: of damaged pictures, and of malformed requests. --seconds: what the server gives a request; a build with sanitizers
needs some. The long form is meant for a build with `--preset asan-ubsan`.
"""
import argparse
import collections
import http.client
import json
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import support  # noqa: E402
from mutants import REPORTS, mutant, seeds  # noqa: E402

HEADER_SECONDS = 3
GRACE = 120  # seconds beyond the server's own limits, for a machine that is busy
CLIENTS = 12
MOST_GROWTH = 600e6  # a picture that is being decoded may take 200 MB, and two threads decode
CROWD = 100


class Server:
    def __init__(self, options):
        command = [options.pool3, "serve", "--model", options.model, "--features", options.features, "--weights", options.weights,
                   "--listen", "127.0.0.1:0", "--threads", "2", "--max-pixels", "8000000", "--max-header-seconds", HEADER_SECONDS,
                   "--max-request-seconds", options.seconds]
        env = support.environment({"ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=16:allocator_release_to_os_interval_ms=500",
                                   "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"})
        self.errors = open(options.log, "w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=self.errors, text=True, env=env)
        line = self.process.stdout.readline()
        match = re.search(r":(\d+)/", line)
        if not match:
            sys.exit(f"FAILED: serve did not start: {line}{pathlib.Path(options.log).read_text(encoding='utf-8')}")
        self.port = int(match[1])
        self.limit = HEADER_SECONDS + 2 * options.seconds + GRACE

    def ask(self, body):
        """(status, answer or None)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.limit)
        try:
            connection.request("POST", "/api/classify?top=2", body)
            response = connection.getresponse()
            content = response.read()
            return response.status, json.loads(content) if response.status == 200 else None
        finally:
            connection.close()

    def raw(self, data, shut):
        """The status of what comes back until the server closes, or "closed"; "late" if it does not close in time."""
        received = b""
        end = time.monotonic() + self.limit
        with socket.create_connection(("127.0.0.1", self.port), timeout=self.limit) as s:
            try:
                s.sendall(data)
                if shut:
                    s.shutdown(socket.SHUT_WR)
                while piece := s.recv(65536):
                    received += piece
                    if time.monotonic() > end:
                        return "late"
            except (ConnectionResetError, BrokenPipeError):
                pass
            except TimeoutError:
                return "late"
        match = re.match(rb"HTTP/1\.1 (\d+)", received)
        return int(match[1]) if match else ("closed" if not received else f"nonsense: {received[:60]!r}")

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def malformed(chance, picture, port):
    """Bytes of a request that is none, or that says of itself what is not so."""
    host = f"Host: 127.0.0.1:{port}\r\n".encode()
    post = b"POST /api/classify HTTP/1.1\r\n" + host
    length = lambda n: f"Content-Length: {n}\r\n\r\n".encode()  # noqa: E731
    whole = post + length(len(picture)) + picture
    kinds = {
        "flips": lambda: flipped(whole, 200, chance),
        "noise": lambda: chance.randbytes(chance.randint(1, 3000)),
        "cut": lambda: whole[: chance.randrange(len(whole))],
        "too long a length": lambda: post + length(len(picture) + chance.randint(1, 10**chance.randint(1, 6))) + picture,
        "too short a length": lambda: post + length(chance.randrange(len(picture))) + picture,
        "odd length": lambda: post + b"Content-Length: " + chance.choice([b"-1", b"0x10", b"1e3", b"99999999999999999999", b"", b"7, 7"]) + b"\r\n\r\n" + picture,
        "two lengths": lambda: post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "chunks": lambda: post + b"Transfer-Encoding: chunked\r\n\r\n" + chance.choice([b"5\r\nhello\r\n0\r\n\r\n", b"fffffffff\r\n", b"zz\r\n"]),
        "header without end": lambda: b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * chance.randint(1, 40000),
        "many headers": lambda: b"GET / HTTP/1.1\r\n" + host + b"".join(b"X-%d: y\r\n" % i for i in range(chance.randint(1, 3000))) + b"\r\n",
        "long path": lambda: b"GET /" + b"%41a?&=" * chance.randint(1, 4000) + b" HTTP/1.1\r\n" + host + b"\r\n",
        "odd path": lambda: b"GET " + chance.choice([b"*", b"http://a/", b"//", b"/../../etc/passwd", b"/api/rows/99999999999999999999",
                                                     b"/thumbnails/-0", b"/%00", b"/api/rows/1?top=%31%30%30%30"]) + b" HTTP/1.1\r\n" + host + b"\r\n",
        "odd method": lambda: chance.choice([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n" + host + b"\r\n", b"TRACE / HTTP/1.1\r\n" + host + b"\r\n",
                                             b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"get / http/1.1\r\n\r\n", b"GET /\r\n\r\n"]),
        "line ends": lambda: b"GET / HTTP/1.1\n" + host.replace(b"\r", b"") + b"\n",
        "pipelined": lambda: (b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n") * chance.randint(2, 50) + chance.randbytes(20),
        "expects": lambda: post + b"Expect: " + chance.choice([b"100-continue", b"200-ok"]) + b"\r\n" + length(5) + b"abcde",
        "upgrade": lambda: b"GET / HTTP/1.1\r\n" + host + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    }
    kind = chance.choice(list(kinds))
    return kind, kinds[kind]()


def flipped(data, head, chance):
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        out[chance.randrange(min(head, len(out)))] = chance.randrange(256)
    return bytes(out)


class Trouble:
    """What came of each request; from many threads."""

    def __init__(self, server):
        self.server, self.lock = server, threading.Lock()
        self.counts, self.bad, self.slowest, self.peak = collections.Counter(), [], 0.0, 0

    def note(self, kind, status, seconds, good):
        with self.lock:
            self.counts[kind, status] += 1
            self.slowest = max(self.slowest, seconds)
            if not good:
                self.bad.append(f"{kind}: {status} after {seconds:.1f} s")

    def timed(self, kind, request, good):
        start = time.monotonic()
        try:
            status = request()
        except Exception as error:  # noqa: BLE001: whatever it is, it is no answer
            status = f"{type(error).__name__}: {error}"
        self.note(kind, status, time.monotonic() - start, good(status))
        return status

    def damaged(self, jobs):
        """Comes again while the server is full."""
        for body in jobs:
            for _ in range(200):
                status = self.timed("damaged picture", lambda b=body: self.server.ask(b)[0], lambda s: s in (200, 413, 422, 503))
                if status != 503:
                    break
                time.sleep(0.5)

    def malformed(self, jobs):
        for kind, data, shut in jobs:
            self.timed(kind, lambda d=data, s=shut: self.server.raw(d, s), lambda s: s == "closed" or isinstance(s, int))

    def slow(self, until):
        """A byte at a time, over and over."""
        while time.monotonic() < until():
            def crawl():
                with socket.create_connection(("127.0.0.1", self.server.port), timeout=self.server.limit) as s:
                    for byte in b"POST /api/classify HTTP/1.1\r\nX-Slow: " + b"y" * 10000:
                        try:
                            s.sendall(bytes([byte]))
                        except OSError:
                            return "closed"
                        time.sleep(0.1)
                return "late"
            self.timed("slow client", crawl, lambda s: s == "closed")


class Witness:
    """A client that behaves, all the while."""

    def __init__(self, server, body):
        self.server, self.body = server, body
        self.expected = server.ask(body)[1]
        self.answers, self.busy, self.wrong, self.health = [], 0, [], []
        self.ended = threading.Event()
        self.peak = server.memory()

    def run(self):
        while not self.ended.is_set():
            start = time.monotonic()
            try:
                status, answer = self.server.ask(self.body)
            except Exception as error:  # noqa: BLE001: whatever it is, the request was lost
                status, answer = type(error).__name__, str(error)
            self.answers.append(time.monotonic() - start)
            if status == 503:
                self.busy += 1
                time.sleep(0.5)
            elif answer != self.expected:
                self.wrong.append(f"{status} {answer}")
            start = time.monotonic()
            good = self.server.raw(f"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1:{self.server.port}\r\n\r\n".encode(), False)
            self.health.append(time.monotonic() - start if good == 200 else self.server.limit)
            self.peak = max(self.peak, self.server.memory())


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pool3", "weights", "features"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--model", help="default: trained first, by the same program")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--log", help="file for what the server says")
    options = parser.parse_args()
    folder = support.make_folder(None)
    options.log = options.log or folder / "serve.log"
    if not options.model:
        options.model = folder / "model.h5"
        support.run_command([options.pool3, "train", "--features", options.features, "--out", str(options.model), "--probability-folds", "0"], 600)
    return options


def in_turn(jobs):
    """For each client its share."""
    return [jobs[i::CLIENTS] for i in range(CLIENTS)]


def crowd(server, witness, check):
    """A hundred at once; who is told to come again does so."""
    results = []

    def upload():
        for _ in range(400):
            status, answer = server.ask(witness.body)
            if status != 503:
                break
            time.sleep(0.3)
        results.append(answer == witness.expected)

    threads = [threading.Thread(target=upload) for _ in range(CROWD)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(results.count(True) == CROWD, f"{CROWD} uploads at once: {results.count(True)} right after {time.monotonic() - start:.1f} s")


def main():
    options = parse()
    check = support.Checks()
    chance = random.Random(options.seed)
    whole = [data for _, data in seeds(max(1, options.count // 60))]
    damaged = [mutant(chance.choice(whole), chance)[1] for _ in range(options.count)]
    small = min(whole, key=len)
    server = Server(options)
    witness = Witness(server, small)
    check(witness.expected, f"a whole picture is classified: {witness.expected and witness.expected['class']}")
    before = server.memory()
    odd = [(*malformed(chance, small, server.port), chance.random() < 0.7) for _ in range(options.count)]
    trouble = Trouble(server)
    watcher = threading.Thread(target=witness.run)
    watcher.start()
    workers = [threading.Thread(target=trouble.damaged, args=(jobs,)) for jobs in in_turn(damaged)]
    workers += [threading.Thread(target=trouble.malformed, args=(jobs,)) for jobs in in_turn(odd)]
    going = {"until": time.monotonic() + 1e9}
    slow = [threading.Thread(target=trouble.slow, args=(lambda: going["until"],)) for _ in range(8)]
    start = time.monotonic()
    for thread in slow + workers:
        thread.start()
    for thread in workers:
        thread.join()
    crowd(server, witness, check)
    going["until"] = 0
    witness.ended.set()
    for thread in [*slow, watcher]:
        thread.join()
    told = collections.Counter()
    for (kind, status), count in trouble.counts.items():
        told[("damaged picture" if kind == "damaged picture" else "slow client" if kind == "slow client" else "malformed request", status)] += count
    for (kind, status), count in sorted(told.items(), key=str):
        print(f"  {count:5} {kind}: {status}")
    tried = sum(n for (kind, status), n in trouble.counts.items() if kind == "damaged picture" and status != 503)
    check(tried == options.count, f"{tried} of {options.count} damaged pictures were looked at")
    check(not trouble.bad, f"each of {sum(told.values())} was answered or closed, the slowest after {trouble.slowest:.1f} s, all within {time.monotonic() - start:.0f} s {trouble.bad[:5]}")
    check(not witness.wrong and len(witness.answers) > witness.busy,
          f"others: {len(witness.answers)} pictures, {witness.busy} told to come again, the slowest after {max(witness.answers):.1f} s {witness.wrong[:3]}")
    middle, answer = (sorted(times)[len(times) // 2] for times in (witness.health, witness.answers))
    check(middle < max(1, answer), f"/healthz does not wait for pictures: {middle:.3f} s, at most {max(witness.health):.2f} s")
    check(witness.peak - before < MOST_GROWTH, f"memory: {before / 1e6:.0f} MB, at most {witness.peak / 1e6:.0f} MB, {server.memory() / 1e6:.0f} MB at the end")
    status = server.raw(f"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode(), False)
    check(status == 200, "it still answers")
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(240)
    text = pathlib.Path(options.log).read_text(encoding="utf-8", errors="replace")
    reports = [line for line in text.splitlines() if any(sign in line for sign in REPORTS)]
    if not check(code == 0 and not reports, f"exit code {code}, no report of a sanitizer {reports[:3]}"):
        print(text[-4000:])
    check.finish()


if __name__ == "__main__":
    main()
