# SPDX-License-Identifier: GPL-2.0
"""Frames as large as each path carries: mixed MTUs, a path that shrinks and grows unseen, MTUs changed under load."""
import json
import time

import peers
from lab import Test, linux
from labkit.memx import Cluster, Volume, told

SIZE = 32                       # MiB of each volume
RAISE = 4                       # seconds between attempts at larger frames
BIG, SMALL = 9000, 1500
STALL = 5                       # seconds for which no I/O may take longer


class T(Test):
    hosts = {"c1": linux(mtu=BIG, memory=512), "big": linux(mtu=BIG, memory=400), "small": linux(mtu=SMALL, memory=400)}
    timeout = 1200

    def run(self):
        self.set_up()
        self.mixed()
        self.narrow("to_server", self.big)
        self.narrow("to_client", self.c1)
        self.narrow("both_ways", self.big, self.c1)
        self.interfaces()
        self.idle()
        self.end()

    # Looking.

    def session(self, host, other):
        """What `memxctl peers` says on @host of @other."""
        return next(p for p in told(host, "peers") if p["host"] == other.name)

    def path(self, host, other):
        shown = self.session(host, other)
        return shown["path_mtu"], shown["limited_by"]

    def is_path(self, host, other, mtu, limit, timeout=20):
        """Waits for a size (less than a unit of 8 bytes below @mtu) and its reason."""
        def there():
            is_mtu, is_limit = self.path(host, other)
            return mtu - 8 < is_mtu <= mtu and is_limit == limit
        self.until(there, f"{host} sends to {other} in frames of {mtu}, limited by {limit}", timeout, 0.1)

    def both(self, mtu, limit, timeout=20):
        self.is_path(self.c1, self.big, mtu, limit, timeout)
        self.is_path(self.big, self.c1, mtu, limit, timeout)

    # Steps.

    def volume(self, name):
        device = self.cluster.make(f"{SIZE}M", name, "--thin")
        peers.fio_once(self.c1, device, rw="write", bs="128k", depth=4, size=f"{SIZE}M")
        return device

    def set_up(self):
        """A volume on the server with large frames, and when that is full, one on the other."""
        self.small.port_mtu(SMALL)
        self.cluster = Cluster(self, self.c1, ())
        rmap = {"insecure": 1, "path_raise_s": RAISE}
        self.cluster.join(memx_rmap=rmap)
        self.cluster.add(self.big, memory=f"{SIZE + 1}M", memx_rmap=rmap)
        self.on_big = self.volume("large")
        self.cluster.add(self.small, memory=f"{2 * SIZE}M", memx_rmap=rmap)
        self.on_small = self.volume("little")

    def mixed(self):
        """Each session has the size that its two ends and the way between them allow, and says why."""
        self.both(BIG, "interface")
        self.is_path(self.c1, self.small, SMALL, "peer")
        self.is_path(self.small, self.c1, SMALL, "interface")
        self.done(self.work(5), "mixed")
        self.is_path(self.c1, self.small, SMALL, "peer", 1)
        self.check(self.session(self.c1, self.small)["counters"]["path_probes"] == 0, "nobody tries what the peer cannot take")

    def work(self, seconds):
        """Reads and writes of all sizes on both volumes, each read compared with what was written."""
        jobs = " ".join(f"--name={name} --filename={device}" for name, device in (("big", self.on_big), ("small", self.on_small)))
        return self.c1.bg(f"fio --rw=randrw --bsrange=4k-128k --iodepth=16 --size={SIZE}M --ioengine=libaio --direct=1 "
                          f"--time_based --runtime={seconds} --randrepeat=1 --norandommap --verify=crc32c --verify_fatal=1 "
                          f"--verify_backlog=64 --serialize_overlap=1 --output-format=json {jobs}")

    def done(self, job, name):
        """All data were right; the longest that one I/O took, on the way that changed and on the other."""
        out = job.wait(120)
        for part in json.loads(out[out.index("{"):])["jobs"]:
            longest = max(part[side]["lat_ns"]["max"] for side in ("read", "write")) / 1e9
            self.check(part["error"] == 0, f"{name}: all that was read is what was written")
            self.figure(f"{name}_{part['jobname']}_longest_s", round(longest, 2))
            self.check(longest < STALL, f"{name}: no I/O took {STALL} s")

    def narrow(self, name, *hosts):
        """The switch stops passing large frames to @hosts and begins again, and neither end is told."""
        job = self.work(25)
        time.sleep(2)
        start = time.monotonic()
        for host in hosts:
            host.port_mtu(SMALL)
        self.both(SMALL, "path")
        self.figure(f"{name}_narrowed_s", round(time.monotonic() - start, 1))
        time.sleep(2 * RAISE)
        self.both(SMALL, "path", 1)
        start = time.monotonic()
        for host in hosts:
            host.port_mtu(None)
        self.both(BIG, "interface")
        self.figure(f"{name}_raised_s", round(time.monotonic() - start, 1))
        self.done(job, name)
        for host, other in ((self.c1, self.big), (self.big, self.c1)):
            shown = self.session(host, other)["counters"]
            self.check(shown["path_narrowed"] > 0 and shown["path_raised"] > 0 and shown["path_probes"] > 0,
                       f"{host} counts it: {[shown[key] for key in shown if key.startswith('path_')]}")

    def interfaces(self):
        """The MTU of either interface goes down and up under load: told, not found out."""
        job = self.work(20)
        time.sleep(2)
        for host, limits in ((self.c1, ("interface", "peer")), (self.big, ("peer", "interface"))):
            start = time.monotonic()
            host.mtu(SMALL)
            self.is_path(self.c1, self.big, SMALL, limits[0], 10)
            self.is_path(self.big, self.c1, SMALL, limits[1], 10)
            self.figure(f"mtu_of_{host}_down_s", round(time.monotonic() - start, 1))
            start = time.monotonic()
            host.mtu(BIG)
            self.both(BIG, "interface", 10)
            self.figure(f"mtu_of_{host}_up_s", round(time.monotonic() - start, 1))
        self.done(job, "interfaces")

    def idle(self):
        """A session without calls tries nothing, and the next call does. Whoever has a volume calls now and then."""
        self.big.port_mtu(SMALL)
        job = self.work(6)
        self.both(SMALL, "path")
        self.done(job, "before_idle")
        self.unmake()
        time.sleep(1)
        before = self.session(self.c1, self.big)["counters"]
        time.sleep(3 * RAISE)
        after = self.session(self.c1, self.big)["counters"]
        self.check(before["path_probes"] == after["path_probes"], "an idle session does not try larger frames")
        self.big.port_mtu(None)
        self.call()
        self.is_path(self.c1, self.big, BIG, "interface", 2)
        # The server is told by this, and tries with its next reply.
        self.until(lambda: self.path(self.big, self.c1)[0] > SMALL or self.call(), "and so does the server", 10)

    def unmake(self):
        for name, device in (("large", self.on_big), ("little", self.on_small)):
            Volume(self.c1, name, device).unmake()
        self.cluster.empty()

    def call(self):
        """One call to each server."""
        self.c1.sh("memxctl postmortem --id 1")

    def end(self):
        for host, other in ((self.c1, self.big), (self.c1, self.small), (self.big, self.c1), (self.small, self.c1)):
            shown = self.session(host, other)["counters"]
            self.check(shown["calls_failed"] == 0, f"no call of {host} to {other} failed")
