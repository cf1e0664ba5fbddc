# SPDX-License-Identifier: GPL-2.0
"""The lab itself: a bare host, a Xen host, big frames between them, and a guest that computes and does I/O."""
import json

from lab import Test, linux, xen


class T(Test):
    hosts = {"s1": linux(mtu=9000), "x1": xen(mtu=9000)}
    timeout = 600

    def run(self):
        self.check(self.s1.sh("uname -r").strip() == self.boot.release, "the bare host runs the kernel modules are built for")
        self.s1.sh(f"ping -c 3 -i 0.2 -M do -s 8972 {self.x1.ip}")
        self.check("hvm" in self.x1.sh("xl info | grep virt_caps"), "Xen can run PVH guests")

        self.x1.sh("truncate -s 64M /tmp/disk.img")
        guest = self.x1.guest_create("g1", disks=["vdev=xvda,format=raw,target=/tmp/disk.img"], script="""
            set -e
            echo "memory $(awk '/MemTotal/ { print $2 }' /proc/meminfo)"
            pattern write /dev/xvda 0 32M 7
            pattern verify /dev/xvda 0 32M 7
            if pattern verify /dev/xvda 0 32M 8; then echo "pattern sees nothing"; exit 1; fi
            memsort 24 1""")
        rc, out = guest.wait(120)
        self.check(rc == 0, f"the guest's script ran to its end: {out}")
        sort = json.loads(out.splitlines()[-1])
        self.check(sort["ok"] and "mismatch at byte 0:" in out, "the numbers are sorted and a wrong pattern is seen")
        self.figure("guest_sort_s", sort["sort_s"])

        text = guest.sh("seq 1 3000")
        self.check(text == "".join(f"{n}\n" for n in range(1, 3001)), "long output comes through a console whole")
        guest.shutdown()
        self.check(not guest.alive(), "the guest is gone")
