# SPDX-License-Identifier: GPL-2.0
"""The command line that makes a QEMU machine of a host."""
import os

from . import net, recipe
from .paths import BUILD, ROOT

# Without cmpxchg16b, after which QEMU 7.2 has flags that are none for a moment: an interrupt then, and the
# kernel, which uses it to allocate memory, ends in a double fault.
CPU = "qemu64,-cx16,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+pclmulqdq,+rdrand"
LINUX = ("lab.name={name} lab.kind={kind} lab.ip={ip} lab.mtu={mtu} lab.hosts={hosts} lab.xenstored={xenstored} "
         "mitigations=off no_timer_check random.trust_cpu=on panic=-1 loglevel=5 net.ifnames=0 {extra}")
XEN = "console=com1 com1=115200,8n1 dom0_mem={dom0}M,max:{dom0}M spec-ctrl=no xpti=no {extra}"


def _share(tag, path, readonly):
    os.makedirs(path, exist_ok=True)
    return ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap"
            + (",readonly=on" if readonly else "")]


def _kernel(host, boot):
    opt = host.options
    line = LINUX.format(name=host.name, kind=opt.kind, ip=host.ip, mtu=opt.mtu, hosts=host.peers,
                        xenstored=opt.xenstored, extra=f"{'lab.bare=1 ' if opt.root else ''}{opt.cmdline} {os.environ.get('LAB_CMDLINE', '')}")
    if opt.kind == "xen":
        line = ("console=hvc0 " + line).replace(",", ",,")
        return ["-kernel", boot.xen, "-append", XEN.format(dom0=opt.dom0, extra=opt.xen_cmdline),
                "-initrd", f"{boot.vmlinux} {line},{boot.host_initrd}"]
    # A kernel with KASAN does not get through the entry that saves unpacking it.
    kernel = boot.vmlinuz if recipe.own_kernel() else boot.vmlinux
    return ["-kernel", kernel, "-initrd", boot.host_initrd, "-append", "console=ttyS0 " + line]


def command(host, boot, channel_fd):
    """QEMU's arguments for @host; its agent talks through the socket @channel_fd."""
    opt = host.options
    if os.environ.get("LAB_KVM") == "1":
        accel, cpu = "kvm", "host"
    else:
        accel, cpu = "tcg,thread=multi,tb-size=256", CPU + (",+svm,+npt" if opt.kind == "xen" else "")
    cmd = ["qemu-system-x86_64", "-name", host.name, "-machine", "pc", "-accel", accel, "-cpu", cpu,
           "-smp", str(opt.vcpus), "-m", str(opt.memory), "-nodefaults", "-no-user-config", "-display", "none",
           "-no-reboot", "-serial", "file:" + host.console_path]
    cmd += _kernel(host, boot)
    cmd += ["-drive", f"file={opt.root or boot.root_img},format=raw,if=virtio,snapshot=on,cache=unsafe"]
    if opt.spare:
        cmd += ["-drive", f"file={boot.root_img},format=raw,if=virtio,snapshot=on,cache=unsafe"]
    for i, tap in enumerate(host.taps):
        cmd += ["-netdev", f"tap,id=net{i},ifname={tap},script=no,downscript=no,vhost=off",
                "-device", f"virtio-net-pci,netdev=net{i},mac={net.mac_of(host.index, i)},host_mtu={net.MTU},romfile="]
    cmd += ["-chardev", f"socket,id=agent,fd={channel_fd}", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=agent,name=agent"]
    cmd += _share("share", host.share, False) + _share("lab-boot", boot.folder, True)
    cmd += _share("memx-build", BUILD, True) + _share("memx", ROOT, True)
    return cmd + opt.qemu
