# SPDX-License-Identifier: GPL-2.0
"""What hosts and guests have in common: commands, files, a log of both."""
import shlex
import threading
import time

from .channel import Commands


class Log:
    """log.txt: every command of a run, where it ran, how long, and what it said."""

    def __init__(self, path):
        self._file = open(path, "w", encoding="utf-8", buffering=1)
        self._start = time.monotonic()
        self._lock = threading.Lock()

    def say(self, who, words):
        """Adds a line (or several)."""
        with self._lock:
            self._file.write(f"[{time.monotonic() - self._start:8.2f}] {who}: {words}\n")

    def ended(self, who, process):
        """Adds a finished command and its output."""
        text = "".join("    " + line + "\n" for line in process.output.splitlines())
        with self._lock:
            self._file.write(f"[{time.monotonic() - self._start:8.2f}] {who}$ {process.cmd}\n{text}"
                             f"    -> {process.rc} after {process.seconds:.2f} s\n")


class Machine:
    """A host or guest with an agent in it."""

    def __init__(self, name, log, send):
        self.name = name
        self.log = log
        self.commands = Commands(name, send, lambda process: log.ended(name, process))

    def __str__(self):
        return self.name

    def sh(self, cmd, timeout=60, check=True):
        """Runs a shell command and returns its output; raises when it fails (unless check=False) or hangs."""
        return self.bg(cmd).wait(timeout, check)

    def rc(self, cmd, timeout=60):
        """Runs a shell command and returns (exit code, output)."""
        process = self.bg(cmd)
        out = process.wait(timeout, check=False)
        return process.rc, out

    def bg(self, cmd, stdin=False, on_output=None):
        """Starts a shell command and returns its Process: .wait(timeout), .kill(), .output, .rc."""
        return self.commands.start(cmd, stdin, on_output)

    def put(self, path, text, mode=None):
        """Writes a file."""
        chmod = f" && chmod {mode:o} {shlex.quote(path)}" if mode else ""
        process = self.bg(f"cat > {shlex.quote(path)}{chmod}", stdin=True)
        process.write(text)
        process.close_stdin()
        process.wait(60)

    def get(self, path):
        """Reads a text file."""
        return self.sh(f"cat {shlex.quote(path)}")
