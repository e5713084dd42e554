"""Commands that must fail: the right exit code, one line that names the cause, on one rank and on two, in time."""

from concurrent.futures import ThreadPoolExecutor

from support import LIMIT_SECONDS

FAILED, USAGE = 1, 2
AT_ONCE = 3  # commands; most of their time goes by in waiting for mpirun


class Errors:
    """Runs commands that must fail, a few at once."""

    def __init__(self, check, pool3, folder, shared):
        self.check, self.pool3, self.folder, self.shared = check, pool3, folder, shared
        self.threads = ThreadPoolExecutor(AT_ONCE)
        self.cases = []

    def __call__(self, code, names, *arguments, **how):
        """`names`: what the error line must contain."""
        for ranks in (0, 2):
            run = self.threads.submit(self.pool3.start, arguments, ranks, limit_seconds=LIMIT_SECONDS, **how)
            self.cases.append((run, ranks, code, str(names)))

    def wait(self):
        """Checks what was begun. To be called before anything is changed that commands may see."""
        for run, ranks, code, names in self.cases:
            result = run.result()
            lines = result.errors()
            fine = result.code == code and len(lines) == 1 and names in lines[0] and not crashed(result)
            if not self.check(fine, f"{max(ranks, 1)} ranks: {' '.join(lines)[:300]}"):
                print(f"exit code {code} and one line that names '{names}' expected\n{result}")
        self.cases = []


def crashed(result):
    signs = ("terminate called", "Segmentation fault", "Signal: ", "core dumped", "*** Error in", "AddressSanitizer",
             "HDF5-DIAG", "Traceback")
    return [s for s in signs if s in result.err + result.out]
