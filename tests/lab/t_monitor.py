# SPDX-License-Identifier: GPL-2.0
"""memxctl monitor tells what happens to servers and volumes, and says so when it has missed some of it."""
import json

from lab import Test, linux
from labkit.memx import Cluster

EVENTS = "/tmp/events"


class T(Test):
    hosts = {"c1": linux(), "s1": linux(), "s2": linux()}
    timeout = 900

    def run(self):
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start()
        # What a socket holds: a handful of events.
        self.c1.sh("echo 2304 > /proc/sys/net/core/rmem_default")
        self.pid = self.c1.sh(f"memxctl --json monitor > {EVENTS} 2>&1 & echo $!").strip()
        self.present()
        self.volumes()
        self.servers()
        self.too_slow()
        self.check(self.c1.rc(f"kill {self.pid}")[0] == 0, "monitor was still there")

    def events(self):
        return [json.loads(line) for line in self.c1.get(EVENTS).splitlines()]

    def told(self, words, **wanted):
        """Waits until an event has come that has these values."""
        return self.until(lambda: [e for e in self.events() if all(e.get(key) == value for key, value in wanted.items())],
                          f"told: {words}", 40)

    def present(self):
        self.until(lambda: len(self.events()) == 2, "two servers are there at the beginning", 20)
        self.check({e["host"] for e in self.events()} == {"s1", "s2"}, "they are named")
        self.check(all(e["event"] == "now" and e["state"] == "alive" for e in self.events()), "and alive")

    def volumes(self):
        self.cluster.make("16M")
        self.told("the volume is made", object="volume", event="made", name="v")
        self.told("it serves", object="volume", event="state", claim="serving", epoch=1)
        self.told("the disk has it", object="volume", event="used", user="/dev/memxa")
        self.cluster.unmake()
        self.told("the disk has let go of it", object="volume", event="released", name="v")
        self.told("it is removed", object="volume", event="removed", name="v")
        numbers = [e["seq"] for e in self.events() if e["seq"] is not None]
        self.check(numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"no number is missing: {numbers}")

    def servers(self):
        self.s2.cable(False)
        self.told("a server is silent", object="server", event="state", host="s2", state="suspect")
        self.told("it counts as dead", object="server", event="state", host="s2", state="dead")
        self.s2.cable(True)
        self.told("it is back", object="server", event="state", host="s2", state="alive")
        self.s1.sh("memxctl server stop")
        self.told("one has stopped", object="server", event="state", host="s1", state="gone")
        self.s1.memx_unload()
        self.cluster.serve(self.s1)
        self.told("it is another life", object="server", event="restart", host="s1")

    def too_slow(self):
        """A listener that does not read is told that it has missed something, and how things stand."""
        self.cluster.heard()
        self.c1.sh(f"kill -STOP {self.pid}")
        self.c1.sh("memxctl volume create slow --size 16M")
        for _ in range(8):
            self.c1.sh("memxctl device remove $(memxctl device create slow)")
        self.c1.sh(f"kill -CONT {self.pid}")
        self.told("events are lost", object="events", event="lost")
        self.told("the present state follows", object="volume", event="now", name="slow")
        words = [e["event"] for e in self.events()]
        after = self.events()[words.index("lost") + 1:]
        self.check([e["event"] for e in after[:3]] == ["now"] * 3, f"at once, and nothing that is older: {after}")
        self.check({e.get("host") or e.get("name") for e in after[:3]} == {"s1", "s2", "slow"}, "all of it")
        self.c1.sh("memxctl volume remove slow")
        self.told("it goes on", object="volume", event="removed", name="slow")
