# SPDX-License-Identifier: GPL-2.0
"""The base of all lab tests, and the life of the hosts one test runs on."""
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import traceback

from . import net, scan
from .channel import PATIENCE, Failed
from .host import Host, Options
from .isolate import Interrupted
from .machine import Log
from .paths import RESULTS


class TimedOut(Exception):
    """The test as a whole took too long."""


class Test:
    """
    A lab test: @hosts names the hosts and their kinds ("linux", "xen", or linux(...)/xen(...) with options);
    run() uses them as self.<name>.
    """

    hosts = {}
    timeout = 600                   # seconds for the whole test, booting included; six times what it takes on a quiet machine
    debian_kernel = False           # it makes no sense on another kernel than Debian's
    allow = ()                      # patterns of console lines that this test may provoke

    def __init__(self, name, boot):
        self.name = name
        self.boot = boot
        self.figures = {}
        self.machines = {}
        self.checks = 0
        self.folder = os.path.join(RESULTS, name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.log = Log(os.path.join(self.folder, "log.txt"))
        self.peers = "+".join(f"{net.ip_of(i)}:{host}" for i, host in enumerate(self.hosts, 1))

    @classmethod
    def before_boot(cls):
        """Makes what the test needs of this machine beside the image; before anything boots."""

    def run(self):
        """What the test does; written by each test."""
        raise NotImplementedError

    # What a test says.

    def figure(self, key, value):
        """Records a figure in result.json."""
        self.figures[key] = value
        self.say(f"{key} = {value}")

    def check(self, condition, words):
        """Fails the test, with @words, unless @condition holds."""
        self.checks += 1
        if not condition:
            raise Failed("check failed: " + words)
        self.log.say("check", words)

    def say(self, words):
        """Tells the person who watches."""
        self.log.say("test", words)
        print(f"  {self.name}: {words}", flush=True)

    def until(self, condition, words, timeout=30, every=0.5):
        """Waits until @condition() is true and returns its value; fails with @words after PATIENCE times @timeout seconds."""
        timeout *= PATIENCE
        end = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                self.checks += 1
                self.log.say("check", f"at last: {words}")
                return value
            if time.monotonic() > end:
                raise Failed(f"after {timeout:.0f} s still not: {words}")
            time.sleep(every)

    def together(self, *functions):
        """Calls functions at the same time, waits for all, and passes on the first failure."""
        failures = []

        def call(function):
            try:
                function()
            except Exception as e:              # handed to the test's own thread below
                failures.append(e)

        threads = [threading.Thread(target=call, args=(f,), daemon=True) for f in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    # The hosts' life.

    def start_hosts(self):
        """Makes the switch and boots all hosts at once."""
        net.switch()
        for index, (name, options) in enumerate(self.hosts.items(), 1):
            options = options if isinstance(options, Options) else Options(options)
            host = Host(name, index, options, self)
            os.makedirs(host.share, exist_ok=True)
            self.machines[name] = host
            setattr(self, name, host)
        for host in self.machines.values():
            host.start()
        self.together(*(host.wait_ready for host in self.machines.values()))

    def _collect(self):
        for host in self.machines.values():
            if not host.running():
                continue
            host.thaw()
            self._keep(host, "dmesg", "dmesg.txt")
            if host.options.kind == "xen":
                self._keep(host, "xenstore-ls -f; cd /var/log/xen && tail -n 200 *.log", "toolstack.txt")

    def _keep(self, host, command, name):
        """What a command says is kept beside the consoles."""
        try:
            text = host.sh(command, timeout=20, check=False)
        except Failed as e:
            text = f"(not to be had: {e})\n"
        with open(os.path.join(self.folder, f"{host.name}.{name}"), "w", encoding="utf-8") as f:
            f.write(text)

    def stop_hosts(self):
        """Takes the kernels' logs and switches everything off."""
        try:
            self._collect()
        finally:
            for host in self.machines.values():
                for guest in host.guests:
                    guest.close()
                host.kill()

    def console_hits(self):
        """Bad lines on any console of the run."""
        found = []
        for name in sorted(os.listdir(self.folder)):
            if not name.endswith((".console.log", ".dmesg.txt")):
                continue
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as f:
                found += [f"{name}: {line}" for line in scan.hits(f.read(), self.allow)]
        return found


def _on_alarm(_sig, _frame):
    raise TimedOut


def _reason(test, error):
    if isinstance(error, TimedOut):
        return f"not done after {test.timeout} s"
    if isinstance(error, Interrupted):
        return "interrupted"
    if isinstance(error, (Failed, subprocess.CalledProcessError)):
        frames = [f for f in traceback.extract_tb(error.__traceback__) if os.path.basename(f.filename).startswith("t_")]
        where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
        return where + str(error)
    return "".join(traceback.format_exception(error))


def write_result(folder, name, passed, figures, seconds, reason=None):
    """Writes result.json."""
    result = {"name": name, "passed": passed, "figures": figures, "seconds": round(seconds, 1)}
    if reason:
        result["reason"] = reason
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "result.json"), "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")


def run_case(test):
    """Runs one test from boot to result.json; returns 0 when it passed."""
    start = time.monotonic()
    error = None
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.alarm(test.timeout)
    try:
        test.start_hosts()
        test.say(f"{len(test.machines)} hosts up after {time.monotonic() - start:.1f} s")
        test.run()
        if not test.checks:
            raise Failed("the test checked nothing")
    except (Exception, Interrupted) as e:       # every end of a test becomes its result
        error = e
    signal.alarm(0)
    reason = _reason(test, error) if error else None
    if isinstance(error, Interrupted):
        for host in test.machines.values():
            host.kill()
    else:
        test.stop_hosts()
        bad = test.console_hits()
        if bad:
            reason = (reason + "\n" if reason else "") + "on a console: " + "\n".join(bad[:10])
    write_result(test.folder, test.name, reason is None, test.figures, time.monotonic() - start, reason)
    if reason:
        test.log.say("test", "FAILED: " + reason)
    return 0 if reason is None else 1
