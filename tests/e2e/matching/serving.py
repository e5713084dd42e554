"""`pool3 serve` answers as `predict` and `neighbours` do; takes over new models without losing a request; holds out
against slow, cut, malformed and too many requests; ends in order."""

import http.client
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


class Server:
    """A running `pool3 serve`."""

    def __init__(self, pool3, *flags):
        command = [pool3.program, "serve", "--features", pool3.shared_features, "--weights", pool3.weights, "--listen",
                   "127.0.0.1:0", "--threads", "2", *flags]
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=support.environment({}))
        line = self.process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if not match:
            sys.exit(f"FAILED: serve did not start: {line}{self.process.stderr.read()}")
        self.port = int(match[1])

    def __call__(self, method, path, body=None, headers=None, timeout=240):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        response.content = response.read()
        connection.close()
        return response

    def json(self, *request, **how):
        response = self(*request, **how)
        return json.loads(response.content) if response.status == 200 else None

    def raw(self, data, seconds=120):
        """What comes back for these bytes until the server closes, and after how long it did; None if it did not."""
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as s:
            s.sendall(data)
            received = b""
            try:
                while piece := s.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            except TimeoutError:
                return received, None
        return received, time.monotonic() - start

    def metric(self, name):
        text = self("GET", "/metrics").content.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(240)
        return code, self.process.stderr.read()


def status_of(received):
    match = re.match(rb"HTTP/1\.1 (\d+)", received)
    return int(match[1]) if match else None


def check_answers(check, pool3, server, f, model):
    picture = f.paths[7]
    body = pathlib.Path(picture).read_bytes()
    answer = server.json("POST", "/api/classify?top=4", body)
    said = json.loads(pool3("predict", "--model", model, "--weights", pool3.weights, picture).out)
    check(answer and answer["class"] == said["class"] and abs(answer["probability"] - said["probability"]) < 1e-4,
          "a picture gets the class of predict, as likely")
    check([c["class"] for c in answer["top"][:3]] == [c["class"] for c in said["top"][:3]], "in the same order")
    check(answer["neighbours"][0]["row"] == 7 and answer["neighbours"][0]["distance"] < 1e-5, "and finds its own row")
    lines = list(map(json.loads, pool3("neighbours", "--features", f.path, "7", "--top", "5").out.splitlines()))
    row = server.json("GET", "/api/rows/7?top=5")
    check([n["row"] for n in row["neighbours"]] == [line["row"] for line in lines], "a row gets those of neighbours")
    check(all(abs(n["distance"] - line["distance"]) < 1e-9 for n, line in zip(row["neighbours"], lines)), "as far")
    check(row["label"] == f.classes[f.labels[7]] and row["path"] == picture, "and its label")
    thumbnail = server("GET", row["neighbours"][0]["thumbnail"])
    check(thumbnail.status == 200 and thumbnail.content[:3] == b"\xff\xd8\xff" and len(thumbnail.content) < 40000,
          "a thumbnail is a small JPEG")
    sides = [max(Image.open(io.BytesIO(server("GET", f"/thumbnails/7{query}").content)).size) for query in ("", "?side=64")]
    check(sides == [192, 64], f"as small as one asks for: {sides}")
    curl = subprocess.run(["curl", "-s", "--noproxy", "*", "--data-binary", f"@{picture}", f"http://localhost:{server.port}/api/classify"],
                          stdout=subprocess.PIPE, check=False) if shutil.which("curl") else None
    if curl:
        check(json.loads(curl.stdout)["class"] == said["class"], "curl --data-binary gets it, too")
    api = server.json("GET", "/openapi.json")
    required = api["components"]["schemas"]["Answer"]["required"]
    known = api["components"]["schemas"]["Answer"]["properties"]
    check(answer["set"][0] == answer["class"], "the set of classes begins with the best")
    check(set(required) <= set(answer) and set(row) <= set(known), "answers are what the OpenAPI document says")


def check_pages(check, server):
    for path, kind in (("/", "text/html"), ("/app.js", "text/javascript"), ("/style.css", "text/css"),
                       ("/icon.svg", "image/svg+xml"), ("/healthz", "text/plain"), ("/metrics", "text/plain")):
        response = server("GET", path)
        check(response.status == 200 and response.getheader("Content-Type").startswith(kind), f"GET {path}")
    page = server("GET", "/")
    check("default-src 'none'" in page.getheader("Content-Security-Policy"), "the page may load nothing from elsewhere")
    check(b"<script>" not in page.content and b" style=" not in page.content, "and has no script or style in it")
    head = server("HEAD", "/")
    check(head.status == 200 and not head.content and int(head.getheader("Content-Length")) == len(page.content), "HEAD /")


def check_old_client(check, server):
    """HTTP/1.0 with keep-alive, as ab speaks it: the client must be told that the connection stays, and it does."""
    question = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as s:
        for _ in range(2):
            s.sendall(question)
            received = b""
            while b"\r\n\r\n" not in received and (piece := s.recv(65536)):
                received += piece
            check(status_of(received) == 200 and b"connection: keep-alive" in received.lower(), "HTTP/1.0 is told that the connection stays")


def check_refusals(check, server):
    cases = [
        ("GET", "/nothing", None, {}, 404), ("GET", "/api/classify", None, {}, 405), ("POST", "/", b"x", {}, 405),
        ("DELETE", "/", None, {}, 405), ("POST", "/api/classify", b"", {}, 400), ("POST", "/api/classify", b"no picture", {}, 422),
        ("POST", "/api/classify", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--x--\r\n', {}, 415),
        ("POST", "/api/classify?top=1000", b"x", {}, 400), ("GET", "/thumbnails/7?side=641", None, {}, 400), ("GET", "/api/rows/1000000", None, {}, 404),
        ("GET", "/api/rows/-1", None, {}, 404), ("GET", "/api/rows/7x", None, {}, 404), ("GET", "/thumbnails/../m.h5", None, {}, 404),
        ("GET", "/%2e%2e/etc/passwd", None, {}, 404), ("GET", "/", None, {"Host": "evil.example"}, 421),
        ("POST", "/api/classify", b"x", {"Origin": "http://evil.example"}, 403),
        ("POST", "/api/classify", b"x", {"Sec-Fetch-Site": "cross-site"}, 403), ("POST", "/api/wrong?label=a", b"x", {}, 403),
    ]
    for method, path, body, headers, status in cases:
        got = server(method, path, body, headers).status
        check(got == status, f"{method} {path} {headers}: {got}")
    host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    raw = [
        (b"GET / HTTP/1.1\r\n\r\n", 421), (b"GET / HTTP/1.1\r\n" + host + b"Host: b\r\n\r\n", 421),
        (b"nonsense\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\x00", 400), (b"GET / HTTP/9.9\r\n" + host + b"\r\n", None),
        (b"POST /api/classify HTTP/1.1\r\n" + host + b"\r\n", 411),
        (b"POST /api/classify HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411),
        (b"POST /api/classify HTTP/1.1\r\n" + host + b"Content-Length: 30000000\r\n\r\n", 413),
        (b"POST /api/classify HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + host + b"X: " + b"y" * 70000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n", 431),
    ]
    for data, status in raw:
        received, seconds = server.raw(data)
        good = status_of(received) == status if status else status_of(received) in (400, 505)
        check(good and seconds is not None, f"{data[:60]!r}: {received[:30]!r} after {seconds} s")


def check_corrections(check, server, f, folder):
    body = pathlib.Path(f.paths[7]).read_bytes()
    page = {"X-Pool3": "page"}
    kept = server("POST", "/api/wrong?label=night%20owl&predicted=animals", body, page)
    check(kept.status == 200, "a correction is kept")
    files = list((folder / "wrong" / "night owl").iterdir())
    check(len(files) == 1 and files[0].name == f.keys[7] + ".png" and files[0].read_bytes() == body, "under its true label")
    line = json.loads((folder / "wrong" / "answers.jsonl").read_text(encoding="utf-8").splitlines()[0])
    check(line["label"] == "night owl" and line["predicted"] == "animals", "with what the server had said")
    for label in ("", "..", "../x", "a/b", ".hidden", "a%0Ab", "%00", "x" * 200, "%ff"):
        status = server("POST", f"/api/wrong?label={label}", body, page).status
        check(status == 422, f"label {label[:20]!r} is refused: {status}")
    check(server("POST", "/api/wrong?label=a", b"no picture", page).status == 422, "what is no picture is not kept")
    names = sorted(p.name for p in (folder / "wrong").iterdir())
    check(names == ["answers.jsonl", "night owl"], f"nothing else is there: {names}")


def class_of(server, body):
    """Comes again as long as the server is busy."""
    for _ in range(200):
        response = server("POST", "/api/classify", body)
        if response.status != 503:
            break
        time.sleep(0.2)
    return json.loads(response.content).get("class", response.content)


def crawl(server):
    """True if a client that sends a byte each tenth of a second is cut off before it has sent 5000 of them."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=240) as s:
        for c in b"POST /api/classify HTTP/1.1\r\nX-Slow: " + b"y" * 5000:
            try:
                s.sendall(bytes([c]))
                time.sleep(0.1)
            except ConnectionError:
                return True
    return False


def hang_up(server):
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(b"POST /api/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc")


def check_crowd(check, server, f):
    """100 uploads at once, beside slow, cut and broken ones."""
    bodies = [pathlib.Path(f.paths[i]).read_bytes() for i in range(0, 100) if f.status[i] == support.DONE][:10]
    expected = [class_of(server, body) for body in bodies]
    before = server.memory()
    start = time.monotonic()
    with ThreadPoolExecutor(116) as pool:
        slow = [pool.submit(crawl, server) for _ in range(8)]
        for _ in range(8):
            pool.submit(hang_up, server)
        uploads = [pool.submit(class_of, server, bodies[i % 10]) for i in range(100)]
        health = [server("GET", "/healthz").status for _ in range(20)]
        right = sum(upload.result() == expected[i % 10] for i, upload in enumerate(uploads))
        check(right == 100, f"100 uploads at once: {right} right after {time.monotonic() - start:.1f} s")
        check(health == [200] * 20, "others are served meanwhile")
        check(all(end.result() for end in slow), "slow ones are cut off")
    check(server.memory() - before < 400e6, f"memory grew by {(server.memory() - before) / 1e6:.0f} MB")


def check_mutants(check, server, f):
    """Mutated pictures are answered, whatever they are."""
    source = random.Random(5)
    picture = bytearray(pathlib.Path(f.paths[7]).read_bytes())
    codes = set()
    for _ in range(60):
        mutant = bytearray(picture)
        for _ in range(source.randint(1, 8)):
            mutant[source.randrange(len(mutant))] = source.randrange(256)
        length = len(mutant) if source.random() < 0.5 else source.randrange(1, len(mutant))
        codes.add(server("POST", "/api/classify", bytes(mutant[:length])).status)
    check(codes <= {200, 413, 422}, f"mutated pictures: {codes}")


def counts_up(server, name, wanted):
    """Waits until a counter is there; True if it has not gone beyond."""
    deadline = time.monotonic() + 120
    while server.metric(name) < wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return server.metric(name) == wanted


def check_take_over(check, server, f, folder, link):
    """Requests go on while the model's link moves."""
    body = pathlib.Path(f.paths[7]).read_bytes()
    stop, statuses = threading.Event(), []

    def ask():
        while not stop.is_set():
            statuses.append(server("POST", "/api/classify", body).status)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    os.symlink(folder / "second.h5", folder / "link.tmp")
    os.replace(folder / "link.tmp", link)
    check(counts_up(server, "pool3_reloads_total", 1), "a link that moves is followed")
    server.process.send_signal(signal.SIGHUP)
    check(counts_up(server, "pool3_reloads_total", 2), "SIGHUP reads the files again")
    (folder / "broken.h5").write_bytes(b"broken")
    os.symlink(folder / "broken.h5", folder / "link.tmp")
    os.replace(folder / "link.tmp", link)
    check(counts_up(server, "pool3_failed_reloads_total", 1), "a broken one is not taken")
    stop.set()
    for thread in threads:
        thread.join()
    check(len(statuses) >= 3 and set(statuses) == {200}, f"none of {len(statuses)} requests was lost")


def check_end(check, server, f):
    """What has begun a request gets its answer; who has none at work is closed, and nobody comes in any more."""
    body = pathlib.Path(f.paths[7]).read_bytes()
    head = f"POST /api/classify HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    open_ = [socket.create_connection(("127.0.0.1", server.port), timeout=240) for _ in range(7)]
    *busy, idle = open_
    for s in busy:
        s.sendall(head.encode())
    begun = [s.recv(1000).startswith(b"HTTP/1.1 100") for s in busy]  # so the server is at work on each
    for s in busy[:3]:
        s.sendall(body)
    server.process.send_signal(signal.SIGTERM)
    check(all(begun) and idle.recv(1000) == b"", "SIGTERM: a connection without a request is closed")
    for s in busy[3:]:
        s.sendall(body)
    statuses = [status_of(s.makefile("rb").read()) for s in busy]
    code, err = server.end()
    check(code == 0 and statuses == [200] * 6, f"SIGTERM: exit code {code}, requests at work are answered: {statuses}")
    for s in open_:
        s.close()
    print(err)


def main():
    check, pool3, folder = support.start_test(__doc__)
    f = support.Features(pool3.shared_features)
    f.path = pool3.shared_features
    pool3("train", "--features", f.path, "--out", folder / "first.h5")
    pool3("train", "--features", f.path, "--out", folder / "second.h5", "--C", "0.01")
    link = folder / "model.h5"
    os.symlink(folder / "first.h5", link)
    server = Server(pool3, "--model", link, "--corrections", folder / "wrong", "--max-header-seconds", "2")
    try:
        check_answers(check, pool3, server, f, link)
        check_pages(check, server)
        check_old_client(check, server)
        check_refusals(check, server)
        check_corrections(check, server, f, folder)
        check_crowd(check, server, f)
        check_mutants(check, server, f)
        check_take_over(check, server, f, folder, link)
        check_end(check, server, f)
    finally:
        server.process.kill()
    pool3("serve", "--features", f.path, "--model", folder / "first.h5", "--listen", "nowhere", code=2)
    check.finish()


if __name__ == "__main__":
    main()
