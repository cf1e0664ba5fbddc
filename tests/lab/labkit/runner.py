# SPDX-License-Identifier: GPL-2.0
"""Finds tests, runs them one at a time in namespaces of their own, and sums up."""
import fcntl
import glob
import importlib.util
import json
import os
import sys
import time

from . import recipe
from .boot import prepare
from .case import Test, run_case, write_result
from .isolate import isolated
from .paths import CACHE, LAB, RESULTS, LabError

SPARE = 300     # seconds beyond a test's own timeout, for collecting, before it is killed


def names():
    """All tests there are."""
    files = sorted(glob.glob(os.path.join(LAB, "t_*.py")))
    return [os.path.basename(f)[2:-3].replace("_", "-") for f in files]


def load(name):
    """The test class of that name."""
    path = os.path.join(LAB, "t_" + name.replace("-", "_") + ".py")
    if not os.path.exists(path):
        raise LabError(f"no test named {name}; there are: {', '.join(names())}")
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, Test) and thing is not Test \
                and thing.__module__ == spec.name:
            thing.__doc__ = thing.__doc__ or module.__doc__
            return thing
    raise LabError(f"{path} has no class derived from Test")


class Turn:
    """One test at a time on a machine: two at once would spoil each other's figures and time each other out."""

    def __enter__(self):
        os.makedirs(CACHE, exist_ok=True)
        self._file = open(os.path.join(CACHE, "turn"), "w", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("lab: waiting for another run's test to end", file=sys.stderr, flush=True)
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_args):
        self._file.close()


def prepared(force=False):
    """prepare(), by one process at a time."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "building"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return prepare(force)


def _one(name, boot):
    cls = load(name)
    print(f"{name}: {(cls.__doc__ or '').strip().splitlines()[0] if cls.__doc__ else ''}", flush=True)
    folder = os.path.join(RESULTS, name)
    result = os.path.join(folder, "result.json")
    if os.path.exists(result):
        os.unlink(result)
    with Turn():
        cls.before_boot()
        start = time.monotonic()
        code = isolated(lambda: run_case(cls(name, boot)), cls.timeout + SPARE)
        seconds = time.monotonic() - start
    if not os.path.exists(result):
        why = "hung and was killed" if code is None else f"the run itself ended with code {code}"
        write_result(folder, name, False, {}, seconds, why)
    with open(result, encoding="utf-8") as f:
        outcome = json.load(f)
    passed = outcome["passed"] and code == 0
    print(f"{'PASS' if passed else 'FAIL'} {name} ({seconds:.0f} s)", flush=True)
    if not passed:
        print("    " + outcome.get("reason", "?").replace("\n", "\n    "))
        print(f"    see {os.path.relpath(folder)}/", flush=True)
    return passed


def _all():
    """All tests but those that the hosts' kernel makes impossible."""
    left_out = [name for name in names() if recipe.own_kernel() and load(name).debian_kernel]
    for name in left_out:
        print(f"{name}: left out, as it is about Debian's own kernel", flush=True)
    return [name for name in names() if name not in left_out]


def run(wanted):
    """Runs the named tests (or "all"); returns an exit code."""
    chosen = _all() if "all" in wanted else wanted
    for name in chosen:
        load(name)
    boot = prepared()
    passed = failed = 0
    try:
        for name in chosen:
            failed += 1                     # until it has passed, and so when it is interrupted
            if _one(name, boot):
                failed -= 1
                passed += 1
    finally:
        print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0
