# SPDX-License-Identifier: GPL-2.0
"""A host without keys on the segment floods, forges, replays, spoofs and sends nonsense; nothing comes of it."""
import os
import random
import subprocess

import peers
from lab import Test, linux
from labkit.sniff import Sniffer

MIB = 48
SIZE = f"{MIB}M"
DEV = "/dev/memxa"
RMAP = 0x88B5
HDR = 14                        # the RMAP header starts behind the Ethernet header
TAG = HDR + 104
ROUNDS = 7
SECONDS = 2                     # of each measurement
HERE = os.path.dirname(os.path.abspath(__file__))


class T(Test):
    hosts = {"c1": linux(), "s1": linux(), "a1": linux()}
    timeout = 1500

    def run(self):
        os.environ["LAB_KEYS"] = "1"
        self.random = random.Random(1)
        subprocess.run(["gcc", "-O2", "-Wall", "-static", "-o", os.path.join(self.a1.share, "send"),
                        os.path.join(HERE, "attack", "send.c")], check=True)
        self.start()
        with Sniffer(self.s1, RMAP) as sniffer:
            self.verify("write", "do_verify=1")
        self.recorded = self.opening = sniffer.frames[:5000]
        before = self.state()
        self.slow_attacks()
        self.flood()
        self.judge(before)

    def start(self):
        self.s1.memx_load("memx_server", memx_rmap="insecure=1")
        self.s1.sh(f"memxctl server start --dev eth0 --memory {MIB + 16}M")
        self.c1.memx_load("memx_client", memx_rmap="insecure=1")
        self.c1.sh(f"memxctl attach eth0 && memxctl volume create v --size {SIZE} && memxctl device create v")

    def verify(self, rw, more=""):
        self.c1.sh(f"fio --name=v --filename={DEV} --rw={rw} --bs=16k --iodepth=8 --ioengine=libaio --direct=1 "
                   f"--size={SIZE} --verify=crc32c --verify_fatal=1 {'--' + more if more else ''}", 300)

    def record(self):
        """What passes now, under the keys of now, and what passed at the start, of every type."""
        with Sniffer(self.s1, RMAP) as sniffer:
            self.goodput()
        self.recorded = sniffer.frames + self.opening

    # What is sent.

    def forged(self):
        """Recorded frames of every type with another tag, counter or content."""
        for frame in self.sample(400):
            f = bytearray(frame)
            at = self.random.choice([TAG, HDR + 96 + 7, HDR + 24 + 7, HDR + 44, len(f) - 1])
            f[at] ^= 1 + self.random.randrange(255)
            yield bytes(f)

    def replayed(self):
        """Recorded frames as they were, each type for itself and from before."""
        yield from self.sample(1000)

    def spoofed(self):
        """Recorded frames from other addresses, to everybody and to the wrong host."""
        for frame in self.sample(300):
            yield bytes(self.random.choice([b"\xff" * 6, frame[:6], frame[6:12]])) + self.mac() + frame[12:]

    def malformed(self):
        """Headers with every field in turn set to what it must not be; cut off frames; noise."""
        for frame in self.sample(60):
            for at in range(HDR, HDR + 104):
                f = bytearray(frame)
                f[at] = self.random.choice([0, 0xFF, f[at] ^ 0x80])
                yield bytes(f[:self.random.choice([len(f), len(f), 60, 133])])
        for _ in range(500):
            yield self.to_server() + bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 1400)))

    def strangers(self):
        """First frames of ever other nodes, as an insecure segment would believe them."""
        for n in range(2000):
            f = bytearray(self.sample(1)[0])
            f[HDR + 1] = self.random.choice([1, 2, 3, 9])
            f[HDR + 8:HDR + 20] = n.to_bytes(8, "big") + self.random.randbytes(4)
            yield self.to_server() + bytes(f[14:])

    def sample(self, n):
        return [self.random.choice(self.recorded) for _ in range(n)]

    def mac(self):
        return bytes([0x52, 0x54, 0, 0x66, self.random.randrange(256), self.random.randrange(256)])

    def to_server(self):
        return bytes.fromhex(self.s1.mac.replace(":", "")) + self.mac() + RMAP.to_bytes(2, "big")

    # Sending and measuring.

    def put_frames(self, name, frames):
        with open(os.path.join(self.a1.share, name), "wb") as f:
            for frame in frames:
                frame = frame[:1514]
                f.write(len(frame).to_bytes(2, "big") + frame)

    def attack(self, name, rate, seconds):
        return self.a1.bg(f"/share/send eth0 /share/{name} {rate} {seconds}")

    def goodput(self):
        return peers.fio(self.c1, DEV, depth=4, seconds=SECONDS, size=SIZE)["iops"]

    def beside(self, name, rate):
        """Reads per second under an attack, as a share of those between attacks; rounds in turn."""
        quiet, under, sent = [self.goodput()], [], 0
        for _ in range(ROUNDS):
            job = self.attack(name, rate, SECONDS + 1.5)
            under.append(self.goodput())
            sent += int(job.wait(30))
            quiet.append(self.goodput())
        share = peers.median(under) / peers.median(quiet)
        self.say(f"{name}: {sent} frames, {peers.median(quiet):.0f}/s between, {peers.median(under):.0f}/s under: {share:.2f}")
        # Back to normal at once: the reads right after an attack are among those between.
        after = peers.median(quiet[1:]) / quiet[0]
        return share, sent, after

    def slow_attacks(self):
        for name in ("forged", "replayed", "spoofed", "malformed", "strangers"):
            self.record()
            self.put_frames(name, getattr(self, name)())
            share, sent, _ = self.beside(name, 1000)
            self.figure(f"share_{name}", round(share, 2))
            self.check(sent > ROUNDS * 1000, f"{name}: {sent} frames were sent")
        # The same number of frames that are none of RMAP: what the attacker's own work costs on this machine.
        self.put_frames("others", (f[:12] + b"\x88\xb6" + f[14:] for f in self.sample(1000)))
        self.figure("share_others", round(self.beside("others", 1000)[0], 2))

    def flood(self):
        for name in ("others", "forged", "replayed"):
            share, sent, after = self.beside(name, 0)
            self.figure(f"share_flood_{name}", round(share, 2))
            self.figure(f"after_flood_{name}", round(after, 2))
            self.say(f"flood of {name}: {sent} frames given to the attacker's card")

    def state(self):
        return [(host, host.counters("rmap"), int(host.sh("awk '/MemAvailable/ {print $2}' /proc/meminfo")))
                for host in (self.c1, self.s1)]

    def judge(self, before):
        f = self.figures
        for host, was, memory in before:
            now = host.counters("rmap")
            rose = {k: now[k] - was[k] for k in now if k.startswith("drop_") and now[k] > was[k]}
            self.say(f"{host}: {rose}")
            self.check(now["nodes_created"] == was["nodes_created"], f"{host} has got to know nobody")
            left = int(host.sh("awk '/MemAvailable/ {print $2}' /proc/meminfo"))
            self.check(left > memory - 8192, f"{host} has not lost memory: {memory} kB, {left} kB")
        server = self.s1.counters("rmap")
        for why in ("drop_tag", "drop_replay", "drop_nokey", "drop_header"):
            self.check(server[why] > 0, f"the server's counters name it: {why}")
        self.verify("read")
        for name in ("forged", "replayed", "spoofed", "malformed", "strangers"):
            self.check(f[f"share_{name}"] >= 0.95, f"{name} frames, 1,000 a second, leave 0.95 of the goodput")
        for name in ("forged", "replayed"):
            self.check(f[f"share_flood_{name}"] >= 0.5, f"{name} frames at full speed leave half of the goodput")
            self.check(f[f"after_flood_{name}"] >= 0.8, f"right after {name} frames at full speed all is as before")
