# SPDX-License-Identifier: GPL-2.0
"""Interfaces that go down for a while, on either side, on a VLAN, one of two: fio with verify sees no error."""
import peers
from lab import Test, linux
from labkit.memx import DEV, Cluster, Server

MIB = 48
SHORT, LONG = 1, 5              # seconds down; less than write_timeout_s, so that no write may fail
PAUSE = 7                       # seconds that an I/O may take while another interface leads to the server
FIO = (f"fio --name=flap --filename={DEV} --rw=randrw --bsrange=4k-64k --iodepth=16 --size={MIB}M --ioengine=libaio --direct=1 "
       "--time_based --runtime=10 --verify=crc32c --verify_fatal=1 --verify_backlog=64 --serialize_overlap=1 "
       "--randrepeat=1 --output-format=json --output=/tmp/fio.$n")
# Runs one after the other until the test has done all that it wants, which takes as long as the machine takes.
LOAD = f"""rm -f /tmp/stop
n=0
until [ -e /tmp/stop ]; do
    n=$((n + 1))
    {FIO} || {{ cat /tmp/fio.$n; exit 1; }}
done
echo $n"""


class T(Test):
    hosts = {"c1": linux(nics=2), "s1": linux(nics=2)}
    timeout = 1500

    def run(self):
        self.cluster = Cluster(self, self.c1, (self.s1,))
        for host in (self.c1, self.s1):
            host.sh("modprobe 8021q && ip link set eth1 up")
        self.one_interface("eth0", ["eth0"])
        for host in (self.c1, self.s1):
            host.sh("ip link add link eth0 name eth0.5 type vlan id 5 && ip link set eth0.5 up")
        self.one_interface("vlan", ["eth0.5", "eth0"], attach="eth0.5")
        self.two_interfaces()

    def start(self, devs):
        self.cluster.start(memory="96M", devs=devs)
        self.check(self.cluster.make(f"{MIB}M") == DEV, "the device is there")

    def stop(self):
        self.cluster.unmake()
        self.cluster.empty()
        Server(self.s1).stop()
        for host in (self.c1, self.s1):
            host.memx_unload()

    def flaps(self, name, flaps):
        """fio goes on while each of @flaps, (host, interface, seconds), is done. Gives the longest I/O in seconds."""
        job = self.c1.bg(LOAD)
        for host, dev, down in flaps:
            self.c1.sh("sleep 3")
            self.check(job.running(), f"{name}: fio is at work before {dev} of {host} goes down for {down} s: "
                                      f"{peers.said(job.output) if not job.running() else ''}")
            host.flap(dev, down)
        self.c1.sh("sleep 3; touch /tmp/stop")
        out = job.wait(240, check=False)
        self.check(job.rc == 0, f"{name}: fio saw no error while interfaces went down and up: {peers.said(out)}")
        longest = iops = 0
        runs = int(out.splitlines()[-1])
        for run in range(1, runs + 1):
            figures = peers.figures(self.c1.get(f"/tmp/fio.{run}"))
            self.check(figures["errors"] == 0, f"{name}: and counts none")
            longest = max(longest, *(figures["job"][side]["clat_ns"]["max"] / 1e9 for side in ("read", "write")))
            iops += figures["iops"]
        self.figure(f"{name}_longest_s", round(longest, 1))
        self.figure(f"{name}_iops", round(iops / runs))
        return longest

    def one_interface(self, name, devs, attach="eth0"):
        """@devs: what goes down, on the client and on the server; RMAP has the one called @attach."""
        self.start((attach,))
        self.flaps(name, [(host, dev, down) for dev in devs for host in (self.c1, self.s1) for down in (SHORT, LONG)])
        self.check(self.cluster.volume()["state"] == "ok", f"{name}: all is well at the end")
        self.stop()

    def two_interfaces(self):
        """With two interfaces that lead to the server, one that goes down costs a moment."""
        self.start(("eth0", "eth1"))
        flaps = [(host, dev, 2 * LONG) for host in (self.c1, self.s1) for dev in ("eth0", "eth1")]
        longest = self.flaps("two", flaps)
        self.check(longest < PAUSE, f"with another interface no I/O took {PAUSE} s, and the interfaces were down for {2 * LONG} s: the longest {longest:.1f} s")
        self.stop()
