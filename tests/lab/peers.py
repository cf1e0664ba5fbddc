# SPDX-License-Identifier: GPL-2.0
"""What MemX is measured beside: NVMe over TCP to a RAM disk on another host, and fio's figures of any device."""
import json
import shlex

from labkit.channel import Failed

NQN = "nqn.2000-01.org.memx:lab"
PORT = 4420


def median(values):
    """The one in the middle, the upper one of two."""
    return sorted(values)[len(values) // 2]


def ram_disk(host, mib):
    """Makes /dev/ram0 of @mib MiB on @host, with every page allocated, so that reads read memory."""
    host.sh(f"modprobe brd rd_nr=1 rd_size={mib * 1024} && dd if=/dev/urandom of=/tmp/seed bs=1M count=8 status=none && "
            f"for i in $(seq {mib // 8}); do cat /tmp/seed; done | dd of=/dev/ram0 bs=1M iflag=fullblock "
            f"oflag=direct status=none && rm /tmp/seed", timeout=120)
    return "/dev/ram0"


def nvmet_export(host, device):
    """Exports a block device of @host over NVMe/TCP."""
    host.sh(f"""set -e
modprobe -a nvmet nvmet-tcp
cd /sys/kernel/config/nvmet
mkdir -p subsystems/{NQN}/namespaces/1 ports/1
echo 1 > subsystems/{NQN}/attr_allow_any_host
echo {device} > subsystems/{NQN}/namespaces/1/device_path
echo 1 > subsystems/{NQN}/namespaces/1/enable
cd ports/1
echo tcp > addr_trtype
echo ipv4 > addr_adrfam
echo {host.ip} > addr_traddr
echo {PORT} > addr_trsvcid
ln -s ../../subsystems/{NQN} subsystems/""")


def nvme_connect(client, server):
    """Connects @client to what @server exports and returns the device's path."""
    client.sh(f"modprobe nvme-tcp && nvme connect -t tcp -a {server.ip} -s {PORT} -n {NQN}")
    return client.sh("""for i in $(seq 600); do
    for d in /sys/block/nvme*n*; do
        case ${d##*/} in *c*) continue ;; esac
        [ -b "/dev/${d##*/}" ] && { echo "/dev/${d##*/}"; exit; }
    done
    sleep 0.1
done
echo "no NVMe disk appeared"
exit 1""").strip()


def nvmetcp(client, server, mib):
    """A RAM disk of @mib MiB on @server as a block device of @client: the device's path there."""
    nvmet_export(server, ram_disk(server, mib))
    return nvme_connect(client, server)


def nvme_disconnect(client):
    client.sh(f"nvme disconnect -n {NQN}")


def nvmetcp_stop(client, server):
    """Takes away what nvmetcp() made."""
    nvme_disconnect(client)
    server.sh(f"""set -e
cd /sys/kernel/config/nvmet
rm ports/1/subsystems/{NQN}
echo 0 > subsystems/{NQN}/namespaces/1/enable
rmdir ports/1 subsystems/{NQN}/namespaces/1 subsystems/{NQN}
rmmod brd""")


def fio(machine, device, rw="randread", bs="4k", depth=1, seconds=5, size="200M", extra="", timeout=None):
    """
    Runs fio on a device and returns its figures: iops, mbps (MB/s), lat_us (mean), p50_us, p99_us, errors,
    and under "job" all that fio said. Reads and writes count together.
    """
    cmd = (f"fio --name=lab --filename={shlex.quote(device)} --rw={rw} --bs={bs} --iodepth={depth} --size={size} "
           f"--ioengine=libaio --direct=1 --time_based --runtime={seconds} --ramp_time=1 --randrepeat=1 "
           f"--norandommap --output-format=json {extra}")
    return figures(_run(machine, cmd, timeout or seconds + 120))


def fio_once(machine, device, rw="randwrite", bs="4k", depth=32, size="64M", extra="", timeout=300):
    """Like fio(), but goes over @size once instead of for a time (verify wants that: extra="--verify=crc32c")."""
    cmd = (f"fio --name=lab --filename={shlex.quote(device)} --rw={rw} --bs={bs} --iodepth={depth} --size={size} "
           f"--ioengine=libaio --direct=1 --randrepeat=1 --output-format=json {extra}")
    return figures(_run(machine, cmd, timeout))


def said(out):
    """The first of fio's own words in its output, without the report, which is long."""
    return [line for line in out.splitlines() if line.startswith(("fio:", "verify:", "crc32c:"))][:4] or out[-500:]


def _run(machine, cmd, timeout):
    rc, out = machine.rc(cmd, timeout)
    if rc:
        raise Failed(f"{machine}: exit code {rc} of: {cmd}\n{said(out)}")
    return out


def figures(text):
    """What a JSON report of fio comes to."""
    job = json.loads(text[text.index("{"):])["jobs"][0]
    parts = [job[side] for side in ("read", "write") if job[side]["total_ios"]]
    iops = sum(part["iops"] for part in parts)
    busiest = max(parts, key=lambda part: part["total_ios"])
    percentile = busiest["clat_ns"].get("percentile", {})
    mean = sum(part["lat_ns"]["mean"] * part["total_ios"] for part in parts) / sum(p["total_ios"] for p in parts)
    return {"iops": round(iops), "mbps": round(sum(part["bw_bytes"] for part in parts) / 1e6, 1),
            "lat_us": round(mean / 1e3, 1), "p50_us": round(percentile.get("50.000000", 0) / 1e3, 1),
            "p99_us": round(percentile.get("99.000000", 0) / 1e3, 1), "errors": job["error"], "job": job}


def latency_us(machine, device, seconds=5):
    """Mean latency of 4 KiB random reads, one at a time."""
    return fio(machine, device, seconds=seconds)["lat_us"]


def rate(machine, device, rw="randread", seconds=5):
    """4 KiB operations per second, 32 at a time."""
    return fio(machine, device, rw=rw, depth=32, seconds=seconds)["iops"]
