# SPDX-License-Identifier: GPL-2.0
"""Talks to the agents (guest/agent.c): commands in flight, their output, and the console's line transport."""
import base64
import binascii
import os
import re
import threading
import time


# Limits in tests are at least twice what they wait for takes on a quiet machine of today; each wait may last as many times longer.
PATIENCE = float(os.environ.get("LAB_PATIENCE") or 3)


class Failed(Exception):
    """A command did not do what the test needs."""


class Process:
    """A command that runs on a host or in a guest."""

    def __init__(self, commands, number, cmd, on_output=None):
        self._commands = commands
        self._number = number
        self._on_output = on_output
        self._out = bytearray()
        self.cmd = cmd
        self.rc = None
        self.started = time.monotonic()
        self.seconds = None

    @property
    def output(self):
        """What it has written so far."""
        return self._out.decode("utf-8", "replace")

    def running(self):
        """True until it has ended."""
        return self.rc is None

    def wait(self, timeout=60, check=True):
        """Waits for its end and returns its output; raises when it fails or takes PATIENCE times @timeout seconds."""
        timeout *= PATIENCE
        if not self._commands.wait_for(lambda: self.rc is not None, timeout):
            self.kill()
            raise Failed(f"{self._commands.name}: not done after {timeout:.0f} s: {self.cmd}\n{self.output[-2000:]}")
        if check and self.rc:
            raise Failed(f"{self._commands.name}: exit code {self.rc} of: {self.cmd}\n{self.output[-4000:]}")
        return self.output

    def kill(self, sig=9):
        """Sends a signal to the command and all it started."""
        if self.running():
            self._commands.send_frame("K", self._number, sig)

    def write(self, data):
        """Gives it input (only when started with stdin=True)."""
        data = data.encode() if isinstance(data, str) else data
        for i in range(0, len(data), 65536):
            self._commands.send_frame("I", self._number, data[i:i + 65536])

    def close_stdin(self):
        """Ends its input."""
        self._commands.send_frame("E", self._number, 0)

    def got(self, data):
        """Takes in output (called by the channel's reader)."""
        if self._on_output:
            self._on_output(data)
        else:
            self._out += data


class Commands:
    """The runner's end of one agent; @send takes the bytes to the machine."""

    def __init__(self, name, send, on_end):
        self.name = name
        self.ready = False
        self._send = send
        self._on_end = on_end
        self._buffer = bytearray()
        self._running = {}
        self._number = 0
        self._lost = None
        self._changed = threading.Condition()
        self._sending = threading.Lock()

    def wait_for(self, done, timeout):
        """Waits until @done() or the machine is lost (which raises); False after @timeout seconds."""
        with self._changed:
            self._changed.wait_for(lambda: done() or self._lost, timeout)
            if self._lost and not done():
                raise Failed(f"{self.name}: {self._lost}")
            return bool(done())

    def send_frame(self, kind, number, arg):
        """Sends one frame; @arg is a number or the bytes that follow."""
        body = arg if isinstance(arg, bytes) else b""
        head = f"{kind} {number} {len(body) if isinstance(arg, bytes) else arg}\n".encode()
        with self._sending:
            self._send(head + body)

    def start(self, cmd, stdin=False, on_output=None):
        """Starts a command."""
        with self._changed:
            if self._lost:
                raise Failed(f"{self.name}: {self._lost}")
            self._number += 1
            process = Process(self, self._number, cmd, on_output)
            self._running[self._number] = process
        self.send_frame("S" if stdin else "R", process._number, cmd.encode())
        return process

    def waiting(self):
        """True while a command has not ended."""
        return bool(self._running)

    def lose(self, why):
        """The machine is gone: whoever waits for it is told."""
        with self._changed:
            self._lost = self._lost or why
            self._changed.notify_all()

    def feed(self, data):
        """Takes in bytes from the agent."""
        with self._changed:
            self._buffer += data
            while self._take_frame():
                pass

    def _take_frame(self):
        head, newline, rest = self._buffer.partition(b"\n")
        if not newline:
            return False
        kind, number, arg = head.decode("ascii", "replace").split(" ")
        body = b""
        if kind == "O":
            if len(rest) < int(arg):
                return False
            body, rest = bytes(rest[:int(arg)]), rest[int(arg):]
        self._buffer = rest
        self._frame(kind, int(number), int(arg), body)
        return True

    def _frame(self, kind, number, arg, body):
        process = self._running.get(number)
        if kind == "H":
            self.ready = True
        elif kind == "O" and process:
            process.got(body)
        elif kind == "X" and process:
            process.seconds = time.monotonic() - process.started
            process.rc = arg
            del self._running[number]
            self._on_end(process)
        self._changed.notify_all()


def crc16(data):
    """CRC-16/CCITT, as the agent counts it."""
    return binascii.crc_hqx(data, 0xffff)


class ConsoleLines:
    """
    The stream to a guest's agent over its console. What the guest's kernel says in between goes to @on_text;
    lines that it cut in two are asked for again.
    """

    LINE = re.compile(rb"@memx (\d+) ([0-9a-f]{4}) ([A-Za-z0-9+/=]*)$")

    def __init__(self, on_stream, on_text):
        self._on_stream = on_stream
        self._on_text = on_text
        self._partial = b""
        self._expected = 0
        self._acked = 0
        self._asked = 0.0
        self._write = None
        self._lock = threading.Lock()

    def connect(self, write):
        """(Re)connects to a console; @write takes bytes there."""
        with self._lock:
            self._write = write
            self._partial = b""

    def send(self, data):
        """Sends a piece of the stream, in lines a console's input buffer can hold."""
        for i in range(0, len(data), 180):
            piece = data[i:i + 180]
            self._line(b"@D %04x " % crc16(piece) + base64.b64encode(piece))

    def _line(self, line):
        with self._lock:
            if self._write:
                self._write(line + b"\n")

    def poll(self):
        """Called about once a second: asks for what may have been lost at the end of a burst."""
        self._line(b"@R %d" % self._expected)

    def feed(self, data):
        """Takes in bytes from the console."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._one(line.rstrip(b"\r"))

    def _one(self, line):
        at = line.find(b"@memx ")
        match = self.LINE.match(line[at:]) if at >= 0 else None
        if at != 0 and line:
            self._on_text(line[:at] if match else line)
        if not match:
            return
        seq, crc, data = int(match[1]), int(match[2], 16), match[3]
        try:
            piece = base64.b64decode(data, validate=True)
        except binascii.Error:
            piece = b""
        if seq == self._expected and crc16(piece) == crc:
            self._expected += 1
            self._on_stream(piece)
            if self._expected - self._acked >= 16:
                self._acked = self._expected
                self._line(b"@N %d" % self._expected)
        elif seq >= self._expected and time.monotonic() - self._asked > 0.3:
            self._asked = time.monotonic()
            self._line(b"@R %d" % self._expected)
