# SPDX-License-Identifier: GPL-2.0
"""Runs a function in namespaces of its own that die, with all in them, whatever becomes of the runner."""
import ctypes
import os
import signal
import sys
import time

from .paths import LabError

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Interrupted(BaseException):
    """The runner was told to stop; cleaning up still takes place."""


def _unshare(flags):
    if libc.unshare(flags):
        words = os.strerror(ctypes.get_errno())
        raise LabError(f"cannot make namespaces ({words}): run as root, or allow unprivileged user namespaces")


def _write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def _namespaces():
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        _unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)
        return
    _unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"0 {uid} 1")
    _write("/proc/self/gid_map", f"0 {gid} 1")


def _die_with(parent):
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _interrupt(_sig, _frame):
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)
    raise Interrupted


def _exit_code(function):
    """Runs @function as the last thing of this process."""
    code = 1
    try:
        code = function()
    except Interrupted:
        code = 130
    except LabError as e:
        print(f"lab: {e}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _keeper(parent, function, own_session):
    """The process between runner and namespaces: process 1 in there must be somebody's child."""
    _die_with(parent)
    if own_session:
        os.setsid()
    _namespaces()
    child = os.fork()
    if not child:
        # Seen from inside a new pid namespace the parent is 0: ask for its death before it can come.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for sig in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, _interrupt)
        signal.signal(signal.SIGINT, _interrupt if own_session else signal.default_int_handler)
        _exit_code(function)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda s, _f: os.kill(child, s))
    status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status)


def _wait(pid, limit):
    """The exit code of @pid, or None when it has none after @limit seconds."""
    end = None if limit is None else time.monotonic() + limit
    while True:
        got, status = os.waitpid(pid, 0 if end is None else os.WNOHANG)
        if got:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            return None
        time.sleep(0.05)


def _stop(pid, grace):
    os.kill(pid, signal.SIGTERM)
    if _wait(pid, grace) is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def isolated(function, limit=None, own_session=True, grace=20):
    """
    Runs @function (returning an exit code) in fresh net, mount and pid namespaces; gives its exit code, or
    None when it took longer than @limit seconds. However this process ends, nothing in there outlives it.
    Without @own_session the function keeps the terminal and sees ctrl-C itself.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _exit_code(lambda: _keeper(parent, function, own_session))
    if not own_session:
        signal.signal(signal.SIGINT, signal.SIG_IGN)        # ctrl-C is for the function then
    try:
        code = _wait(pid, limit)
    except BaseException:
        _stop(pid, grace)
        raise
    if code is None:
        _stop(pid, grace)
    return code
