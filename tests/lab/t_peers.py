# SPDX-License-Identifier: GPL-2.0
"""The yardsticks: a local RAM disk and NVMe over TCP between two hosts, read by fio."""
import peers
from lab import Test


class T(Test):
    hosts = {"c1": "linux", "s1": "linux"}
    timeout = 600

    def run(self):
        disk = peers.nvmetcp(self.c1, self.s1, 208)
        self.figure("nvmetcp_us", peers.latency_us(self.c1, disk))
        self.figure("nvmetcp_iops", peers.rate(self.c1, disk))
        self.figure("nvmetcp_write_iops", peers.rate(self.c1, disk, "randwrite"))
        verify = peers.fio_once(self.c1, disk, size="16M", extra="--verify=crc32c")
        self.check(verify["errors"] == 0, "fio reads back from NVMe/TCP what it wrote")
        self.figure("ram_us", peers.latency_us(self.s1, "/dev/ram0", 3))
        self.check(self.figures["nvmetcp_us"] > self.figures["ram_us"], "the network costs something")
        peers.nvmetcp_stop(self.c1, self.s1)
