# SPDX-License-Identifier: GPL-2.0
"""Four servers answer one client at once; volumes that compete get what their weights say."""
import json

import peers
from lab import Test, linux
from labkit.memx import Cluster, Volume

MIB = 64
ROUNDS = 5
SECONDS = 3
NARROW = "rate 16mbit"          # some 450 pages a second


def fairness(rates):
    """Jain's index: 1 if all are equal, 1/n if one has all."""
    return sum(rates) ** 2 / (len(rates) * sum(r * r for r in rates))


class T(Test):
    # Five machines on two cores: the client must not get less of them because there are more servers.
    hosts = {"c1": linux(memory=512, core=0), **{f"s{i}": linux(memory=768 if i == 1 else 512, core=1) for i in range(1, 5)}}
    timeout = 1200

    def run(self):
        self.set_up()
        self.incast()
        self.fair()
        self.weights()
        self.figure("no_room", self.c1.counters("rmap")["no_room"])

    def volume(self, name):
        """A volume with every page written; returns its device."""
        device = self.cluster.make(f"{MIB}M", name, "--thin")
        peers.fio_once(self.c1, device, rw="write", bs="128k", depth=4, size=f"{MIB}M")
        return device

    def servers_of(self, name):
        return Volume(self.c1, name).nodes()

    def set_up(self):
        """Two volumes on one server, before the others are there; the rest on all four."""
        self.cluster = Cluster(self, self.c1, ())
        self.cluster.join()
        # As much will be left of it as the others have, or no chunk would go there.
        self.cluster.add(self.s1, memory=f"{6 * MIB}M")
        self.one, self.two = self.volume("one"), self.volume("two")
        self.cluster.add(self.s2, self.s3, self.s4, memory=f"{4 * MIB}M")
        self.all = [self.volume(f"all{i}") for i in range(4)]
        self.check(self.servers_of("one") == self.servers_of("two"), "two volumes are on one server")
        used = set().union(*(self.servers_of(f"all{i}") for i in range(4)))
        self.check(len(used) == 4, f"the others are on all four: {used}")

    def incast(self):
        """Goodput with four servers beside goodput with one, in turn: four readers each time."""
        taken = {"one": [], "four": []}
        for _ in range(ROUNDS):
            taken["one"].append(sum(self.at_once([self.one] * 4, 16, SECONDS)))
            taken["four"].append(sum(self.at_once(self.all, 16, SECONDS)))
        one, four = peers.median(taken["one"]), peers.median(taken["four"])
        self.figure("one_server_iops", round(one))
        self.figure("four_servers_iops", round(four))
        self.figure("four_of_one", round(four / one, 2))
        self.check(four >= 0.85 * one, "four servers at once give at least 0.85 of one server's goodput")

    def at_once(self, devices, depth, seconds=10, ramp=1):
        """Rates of reads on several devices at the same time, those of the first @ramp seconds left out."""
        jobs = " ".join(f"--name=j{i} --filename={d}" for i, d in enumerate(devices))
        out = self.c1.sh(f"fio --rw=randread --bs=4k --iodepth={depth} --size={MIB}M --ioengine=libaio --direct=1 "
                         f"--time_based --runtime={seconds} --ramp_time={ramp} --norandommap --output-format=json {jobs}", 120)
        return [job["read"]["iops"] for job in json.loads(out[out.index("{"):])["jobs"]]

    def fair(self):
        rates = self.at_once(self.all, 32)
        self.figure("fairness", round(fairness(rates), 3))
        self.check(fairness(rates) >= 0.9, f"four volumes share: {[round(r) for r in rates]}")

    def weights(self):
        """Where volumes compete: at one server, whose line is narrower than what any client asks for."""
        self.c1.sh("memxctl volume set two --weight 4")
        self.s1.netem(NARROW)
        # Who comes first has the line for himself until the other one is there.
        rates = self.at_once([self.one, self.two], 256, 20, 5)
        self.s1.netem(None)
        ratio = rates[1] / rates[0]
        self.figure("weight_4_of_1", round(ratio, 2))
        self.check(3.4 <= ratio <= 4.6, f"a volume of weight 4 gets four times what one of weight 1 gets: {ratio:.2f}")
