# SPDX-License-Identifier: GPL-2.0
"""lab shell: boots a topology and gives a prompt from which every host is one word away."""
import os
import select
import shlex
import sys
import termios
import time
import tty

from . import runner
from .case import Test
from .channel import Failed
from .isolate import isolated

HELP = """  HOST COMMAND      runs a command on a host or in a guest, e.g.  {first} ip -br addr
  HOST              opens a terminal there; ends with ctrl-D or ctrl-]
  hosts             the hosts, their kinds and addresses
  guest HOST NAME [DISK…]   creates a PVH guest of 128 MiB with these xl disk specs
  kill HOST / boot HOST     pulls the plug; switches on again
  console HOST      the console so far
  quit              switches everything off"""


class Default(Test):
    """A Xen host and two bare hosts."""

    hosts = {"x1": "xen", "s1": "linux", "s2": "linux"}


def _pump(machine):
    """Joins this terminal and a shell on @machine."""
    size = os.get_terminal_size()
    out = sys.stdout.buffer

    def show(data):
        out.write(data)
        out.flush()

    shell = machine.bg(f"export TERM={shlex.quote(os.environ.get('TERM', 'vt100'))}; "
                       f"if command -v script >/dev/null; then exec script -qc "
                       f"'stty rows {size.lines or 24} cols {size.columns or 80}; exec bash -i' /dev/null; else exec sh -i; fi",
                       stdin=True, on_output=show)
    old = termios.tcgetattr(0)
    try:
        tty.setraw(0)
        while shell.running():
            if not select.select([0], [], [], 0.1)[0]:
                continue
            data = os.read(0, 1024)
            if not data or b"\x1d" in data:
                shell.kill(1)
                time.sleep(0.2)
                break
            shell.write(data)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, old)
        print()


def _command(machine, line):
    def show(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    process = machine.bg(line, on_output=show)
    try:
        while not machine.commands.wait_for(lambda: not process.running(), 3600):
            pass
    except KeyboardInterrupt:
        process.kill(2)
        print()
        return
    if process.rc:
        print(f"(exit code {process.rc})")


def _machines(test):
    found = dict(test.machines)
    for host in test.machines.values():
        found.update({guest.name: guest for guest in host.guests})
    return found


def _own_word(test, words):
    """The prompt's own commands; False when @words is none of them."""
    host = test.machines.get(words[1]) if len(words) > 1 else None
    if words[0] in ("help", "?"):
        print(HELP.format(first=next(iter(test.machines))))
    elif words[0] == "hosts":
        for h in test.machines.values():
            print(f"  {h.name:8} {h.options.kind:6} {h.ip}  {h.mac}  {'on' if h.running() else 'off'}"
                  f"  guests: {' '.join(g.name for g in h.guests) or '-'}")
    elif words[0] == "guest" and host and len(words) > 2:
        host.guest_create(words[2], disks=words[3:])
    elif words[0] == "kill" and host:
        host.kill()
    elif words[0] == "boot" and host:
        host.boot()
    elif words[0] == "console" and host:
        print(host.console())
    else:
        return False
    return True


def _line(test, line):
    words = shlex.split(line)
    machines = _machines(test)
    if not words or _own_word(test, words):
        return
    machine = machines.get(words[0])
    if not machine:
        print(f"  no host or guest named {words[0]} (there are: {' '.join(machines)}); \"help\" helps")
    elif len(words) > 1:
        _command(machine, line.strip()[len(words[0]):].strip())
    elif sys.stdin.isatty():
        _pump(machine)
    else:
        print("  a terminal on a host needs a terminal here")


def _prompt(test):
    if sys.stdin.isatty():
        try:
            import readline             # line editing, where Python has it
            readline.parse_and_bind("tab: complete")
        except ImportError:
            pass
    print(HELP.format(first=next(iter(test.machines))))
    while True:
        try:
            line = input("lab> ")
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            continue
        if line.strip() in ("quit", "exit", "q"):
            return
        try:
            _line(test, line)
        except (Failed, ValueError) as e:
            print(f"  {e}")
        except KeyboardInterrupt:
            print()


def _session(test):
    print(f"lab: booting {', '.join(f'{n}' for n in test.hosts)} …", flush=True)
    try:
        test.start_hosts()
        if hasattr(test, "prepare"):
            test.prepare()
        _prompt(test)
    except (Failed, KeyboardInterrupt) as e:
        print(f"lab: {e}")
        return 1
    finally:
        for host in test.machines.values():
            host.kill()
    return 0


def shell(name):
    """Runs the prompt in the topology of test @name (or a Xen host and two bare ones)."""
    cls = runner.load(name) if name else Default
    boot = runner.prepared()
    return isolated(lambda: _session(cls("shell", boot)), own_session=False)
