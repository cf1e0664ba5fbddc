# SPDX-License-Identifier: GPL-2.0
"""The record in xenstore says what memxctl says, before and after growth and after discard, in both xenstoreds."""
import json
import re

from lab import Test, linux, xen
from labkit.memx import Cluster, Volume

CHUNKS = 2048                                   # of 1 MiB
SPREAD = 1000                                   # chunks written, every other one: more than a node of map
NODE_BYTES = 1900
MAP_NODES = 16
OTHER_NODES = 14


def decode(text, servers):
    """Chunk -> node, by the grammar in the documentation."""
    of, chunk = {}, 0
    for who, count in re.findall(r"([-A-Za-z])(\d*)", text):
        for _ in range(int(count or 1)):
            if who != "-":
                of[chunk] = servers[who]
            chunk += 1
    return of


class T(Test):
    hosts = {"x1": xen(xenstored="C"), "x2": xen(xenstored="oxenstored"),
             "s1": linux(memory=1024), "s2": linux(memory=1024)}
    timeout = 1800

    def run(self):
        cluster = Cluster(self, self.x1, (self.s1, self.s2), "memx_blkback")
        cluster.start("640M")
        cluster.join(host=self.x2)
        for host in (self.x1, self.x2):
            self.check(("oxenstored" in host.sh("ps -e -o comm=")) == (host is self.x2), f"{host} runs its xenstored")
            self.disk(host)

    def disk(self, host):
        guest = host.guest_create(f"g-{host}", memory=96, disks=[
            f"vdev=xvdma,script=block-memx,target=vol=v,size={CHUNKS}M,chunk=1M,thin=yes"])
        path = f"/local/domain/0/backend/vbd/{guest.id}/{1 << 28 | 338 << 8}"
        self.agrees(host, path, 0, "at first")
        guest.sh("pattern write /dev/xvdma 0 5M 1")
        self.agrees(host, path, 5, "after 5 MiB")
        guest.sh("n=0; while [ $n -lt %d ]; do dd if=/dev/urandom of=/dev/xvdma bs=4k count=1 seek=$((n * 512)) "
                 "conv=notrunc 2>/dev/null; n=$((n + 1)); done; sync" % SPREAD, 600)
        parts = self.agrees(host, path, SPREAD + 2, "spread out")
        self.check(parts > 1, f"the map takes more than one node: {parts}")
        guest.sh(f"blkdiscard -o 4M -l {CHUNKS - 4}M /dev/xvdma", 120)
        self.check(self.agrees(host, path, 4, "after discard") == 1, "nodes of the longer map are gone")
        guest.shutdown()
        self.check(not host.sh(f"xenstore-ls {path} 2>/dev/null", check=False), "the record went with the disk")

    def agrees(self, host, path, placed, when):
        """Waits for the record to say what the kernel says; returns its number of map nodes."""
        keys = self.until(lambda: self.settled(host, path, placed), f"the record is right {when} on {host}", 30)
        parts = [k for k in keys if re.fullmatch(r"map/\d+", k)]
        self.check(len(parts) <= MAP_NODES and len(keys) - len(parts) <= OTHER_NODES,
                   f"{when}: {len(parts)} nodes of map, {len(keys) - len(parts)} others")
        self.check(all(len(v) <= NODE_BYTES for v in keys.values()), f"{when}: no node is longer than {NODE_BYTES} bytes")
        self.check("map-error" not in keys and "error" not in keys, f"{when}: no error is recorded")
        self.words(host, keys)
        host.sh("/memx-build/tools/memx-xs check")
        shown = json.loads(host.sh("/memx-build/tools/memx-xs --json show"))
        self.check(self.chunks(shown[0]["map"]) == self.chunks(self.kernel(host)), f"{when}: memx-xs decodes the same")
        return len(parts)

    def settled(self, host, path, placed):
        """The record's keys if the map in it is the kernel's and has @placed chunks."""
        before = self.record(host, path)
        kernel = self.chunks(self.kernel(host))
        if len(kernel) != placed or "gen" not in before or self.record(host, path) != before:
            return None
        servers = dict(s.split("=") for s in before["servers"].split(",") if s)
        names = {letter: who.split(":")[0].zfill(16) for letter, who in servers.items()}
        text = "".join(before[f"map/{i}"] for i in range(MAP_NODES) if f"map/{i}" in before)
        return before if decode(text, names) == kernel else None

    def record(self, host, path):
        rows = host.sh(f"xenstore-ls -f {path}/memx")
        return dict(re.findall(rf'^{re.escape(path)}/memx/(\S+) = "(.*)"$', rows, re.M))

    def kernel(self, host):
        return Volume(host).map()

    def chunks(self, runs):
        return {c: run["node"] for run in runs for c in range(run["first"], run["first"] + run["count"])}

    def words(self, host, keys):
        volume = Volume(host).show()
        self.check(keys["volume"] == "v" and keys["state"] == volume["state"] == "ok", "name and state are recorded")
        self.check(int(keys["size"]) == volume["size"] and int(keys["chunk"]) == volume["chunk"] == 1 << 20, "sizes too")
        self.check(int(keys["id"], 16) == int(volume["id"], 16) and int(keys["epoch"]) == volume["epoch"], "identity too")
        self.check(int(keys["used"]) == volume["used_pages"], "used pages too")
