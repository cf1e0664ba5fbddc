# SPDX-License-Identifier: GPL-2.0
"""Somebody without keys on the segment floods, forges, replays, spoofs and sends nonsense; nothing comes of it.

The slow attacks come out of the switch itself, so that an attacker's processor, which would be this machine's, costs
the others nothing. What is judged is the work of those attacked: the time that a read takes of this machine's processors,
at the client and at the server together, which does not depend on what else runs there. The floods come from a host like the others.
As they carry the addresses of those attacked, a switch that learns sends all that these say to each other to the
attacker; no protocol is proof against that, only a switch that ties addresses to ports. Both are here.
"""
import os
import random
import subprocess
import time

import peers
from lab import Test, linux
from labkit import net
from labkit.memx import DEV, Cluster
from labkit.sniff import Sniffer

MIB = 48
SIZE = f"{MIB}M"
RMAP = 0x88B5
HDR = 14                        # the RMAP header starts behind the Ethernet header
COUNTER = HDR + 96              # of eight bytes, the lowest last
TAG = HDR + 104
OTHER = b"\x88\xb6"             # an EtherType of nobody's
PER_SECOND = 1000               # frames of a slow attack
ROUNDS = 25
LEFT = 0.95                     # of the reads that others leave
FLOOD_ROUNDS = 7
SLOT = 1.0                      # seconds of each measurement
SLOW = ("forged", "replayed", "spoofed", "malformed", "strangers")
FLOODS = ("forged", "replayed")
HERE = os.path.dirname(os.path.abspath(__file__))


class T(Test):
    # The client, which has the most to do, does not share its core with the attacker's processor.
    hosts = {"c1": linux(core=0), "s1": linux(core=1), "a1": linux(core=1)}
    timeout = 4500

    def run(self):
        os.environ["LAB_KEYS"] = "1"
        self.random = random.Random(1)
        self.send = os.path.join(self.a1.share, "send")
        subprocess.run(["gcc", "-O2", "-Wall", "-static", "-o", self.send, os.path.join(HERE, "attack", "send.c")], check=True)
        self.start()
        with Sniffer(self.s1, RMAP) as sniffer:
            self.verify("write", "do_verify=1")
        self.recorded = self.opening = sniffer.frames[:5000]
        before = self.state()
        load = self.c1.bg(f"fio --name=load --filename={DEV} --rw=randread --bs=4k --iodepth=4 --ioengine=libaio --direct=1 "
                          f"--size={SIZE} --time_based --runtime=3600 --norandommap")
        for name in SLOW:
            self.slow_attack(name)
        self.theft()
        for host in (self.c1, self.s1, self.a1):
            host.port_security()
        for name in FLOODS:
            self.flood(name)
        load.kill()
        load.wait(30, check=False)
        self.judge(before)

    def start(self):
        cluster = Cluster(self, self.c1, (self.s1,))
        cluster.start(f"{MIB + 16}M")
        cluster.make(SIZE)

    def verify(self, rw, more=""):
        self.c1.sh(f"fio --name=v --filename={DEV} --rw={rw} --bs=16k --iodepth=8 --ioengine=libaio --direct=1 "
                   f"--size={SIZE} --verify=crc32c --verify_fatal=1 {'--' + more if more else ''}", 300)

    def record(self):
        """What passes now, under the keys of now, and what passed at the start, of every type."""
        with Sniffer(self.s1, RMAP) as sniffer:
            time.sleep(SLOT)
        self.recorded = sniffer.frames + self.opening

    # What is sent.

    def forged(self):
        """Recorded frames of every type with another tag, counter or content, most under counters not seen yet."""
        for frame in self.sample(400):
            f = bytearray(frame)
            for at in self.random.sample([TAG, COUNTER + 4, COUNTER + 4, COUNTER + 7, HDR + 24 + 7, HDR + 44, len(f) - 1], 3):
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

    def attack(self, name):
        """Starts a slow one, from the switch; the result ends it and tells how many frames it was."""
        job = subprocess.Popen([self.send, net.SWITCH, os.path.join(self.a1.share, name), str(PER_SECOND), "60"],
                               stdout=subprocess.PIPE, text=True)
        def end():
            job.terminate()
            return job.communicate(timeout=30)[0]
        return end

    def flooding(self, name):
        """Starts one as fast as it goes, from a host."""
        job = self.a1.bg(f"/share/send eth0 /share/{name} 0 {SLOT + 2}")
        time.sleep(0.5)
        return lambda: job.wait(30)

    def reads(self):
        """Reads of the device so far, and the host's time in seconds."""
        done, now = self.c1.sh("read -r reads rest < /sys/block/memxa/stat; echo $reads $(date +%s%N)").split()
        return int(done), int(now) / 1e9

    def goodput(self):
        """Reads per second from now on."""
        reads, start = self.reads()
        time.sleep(SLOT)
        later, end = self.reads()
        return (later - reads) / (end - start)

    def thrift(self):
        """Reads per second of the processors' time from now on."""
        spent = self.c1.processor_s() + self.s1.processor_s()
        reads, _ = self.reads()
        time.sleep(SLOT)
        later, _ = self.reads()
        return (later - reads) / (self.c1.processor_s() + self.s1.processor_s() - spent)

    def under(self, end, measure):
        """What is measured under an attack that has begun, which is then ended."""
        value = measure()
        self.sent += int(end())
        return value

    def turns(self, rounds, enough=lambda share: True, **kinds):
        """What takes turns for some rounds, so that a busy moment of the machine hits all; a function of two names says
        how the first does in terms of the second, the median of the rounds. If that is not @enough, which may be by
        chance, twice as many rounds more have a say."""
        taken = []

        def share(one, other):
            # A turn in which the machine gave the others nothing speaks for neither.
            return round(peers.median([turn[one] / turn[other] for turn in taken if turn[other]]), 2)
        for more in (rounds, 2 * rounds):
            taken += [{kind: once() for kind, once in kinds.items()} for _ in range(more)]
            self.say(str({kind: round(peers.median([turn[kind] for turn in taken])) for kind in kinds}))
            if enough(share):
                break
        return share

    def put_both(self, name):
        """An attack's frames, and the same ones of an EtherType that is nobody's: what it costs any host to be sent them."""
        self.record()
        frames = list(getattr(self, name)())
        self.put_frames(name, frames)
        self.put_frames("others", (f[:12] + OTHER + f[14:] for f in frames))
        self.sent = 0

    def slow_attack(self, name):
        """
        Reads per second of the processors' time under an attack, as a share of those between attacks, and as one of those
        under as many of the same frames of another EtherType.
        """
        self.put_both(name)
        share = self.turns(ROUNDS, lambda share: share("attack", "others") >= LEFT, quiet=self.thrift,
                           others=lambda: self.under(self.attack("others"), self.thrift),
                           attack=lambda: self.under(self.attack(name), self.thrift))
        self.check(self.sent > ROUNDS * PER_SECOND * 2 * SLOT, f"{name}: {self.sent} frames were sent, half of them of RMAP")
        self.figure(f"share_{name}", share("attack", "quiet"))
        self.figure(f"share_others_as_{name}", share("others", "quiet"))
        self.figure(f"own_share_{name}", share("attack", "others"))

    def theft(self):
        """A flood that takes the hosts' addresses away from them; afterwards reads go on."""
        self.record()
        self.put_frames("stolen", self.replayed())
        end = self.flooding("stolen")
        self.figure("per_second_in_theft", round(self.goodput()))
        end()
        was, start = self.reads()
        later, now = was, start
        while later == was and now < start + 30:
            later, now = self.reads()
        self.figure("back_after_theft_s", round(now - start, 1))
        self.check(now < start + 5, "reads go on when the addresses are no longer stolen")

    def flood(self, name):
        """Reads per second under a flood as a share of those before it, and of those under a flood of another EtherType:
        the attacker and the server have one core, so that any flood takes much of it."""
        self.put_both(name)
        share = self.turns(FLOOD_ROUNDS, flood=lambda: self.under(self.flooding(name), self.goodput), after=self.goodput, quiet=self.goodput,
                           others=lambda: self.under(self.flooding("others"), self.goodput))
        self.say(f"flood of {name}: {self.sent} frames given to the attacker's card, half of them of RMAP")
        self.figure(f"share_flood_{name}", share("flood", "quiet"))
        self.figure(f"share_flood_others_as_{name}", share("others", "quiet"))
        self.figure(f"own_share_flood_{name}", share("flood", "others"))
        self.figure(f"after_flood_{name}", share("after", "quiet"))

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
        for name in SLOW:
            self.check(f[f"own_share_{name}"] >= LEFT, f"{name} frames, 1,000 a second, leave {LEFT} of what others leave")
        for name in FLOODS:
            self.check(f[f"own_share_flood_{name}"] >= 0.5, f"{name} frames at full speed leave half of what others leave")
            self.check(f[f"after_flood_{name}"] >= 0.8, f"right after {name} frames at full speed all is as before")
