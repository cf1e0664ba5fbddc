# SPDX-License-Identifier: GPL-2.0
"""What tests do with the project's modules: memory servers, clients or driver domains, volumes, and what is known of them."""
import json
import os

DEV = "/dev/memxa"


def told(host, words):
    """What a command of memxctl says, as JSON has it."""
    return json.loads(host.sh("memxctl --json " + words))


def shown(host, words):
    """What a command of memxctl says of one thing, as one object."""
    value = told(host, words)
    return value[0] if isinstance(value, list) else value


def load(host, module, devs=("eth0",), key=0, **params):
    """
    Loads a module and those it needs, and attaches interfaces. @key: number of one of the lab's cluster keys, in place
    of insecure=1; @params: parameters by module, as memx_load() takes them.
    """
    host.memx_load(module, **{"memx_rmap": "" if key else "insecure=1", **params})
    if key:
        host.cluster_key(key)
    for dev in devs:
        host.sh(f"memxctl attach {dev}")


class Server:
    """A host that lends memory."""

    def __init__(self, host):
        self.host = host

    def start(self, memory="128M", devs=("eth0",), key=0, **params):
        """Loads what it needs, see load(), and offers so much memory."""
        load(self.host, "memx_server", devs, key, **params)
        self.host.sh(f"memxctl server start --memory {memory}")

    def stop(self, force=False):
        """Ends the service, with what it stores only if @force."""
        self.host.sh("memxctl server stop" + (" --force" if force else ""))

    def show(self):
        """What it says of itself."""
        return shown(self.host, "server show")

    def used(self):
        """Pages that it stores."""
        return self.show()["used_pages"]

    def volumes(self):
        """What it says of each volume that it knows."""
        return told(self.host, "server volumes")

    def node(self):
        """Its node id, as tools write it. Only while it runs."""
        return shown(self.host, "node")["node"]


class Volume:
    """A volume of a client, and its block device there."""

    def __init__(self, host, name="v", dev=DEV):
        self.host = host
        self.name = name
        self.dev = dev

    def create(self, size, options=""):
        """Makes the volume."""
        self.host.sh(f"memxctl volume create {self.name} --size {size} {options}")

    def connect(self):
        """Makes its block device; gives the path."""
        self.dev = self.host.sh(f"memxctl device create {self.name}").strip()
        return self.dev

    def make(self, size, options=""):
        """Both; gives the device's path."""
        self.create(size, options)
        return self.connect()

    def disconnect(self):
        """Takes the device away."""
        self.host.sh(f"memxctl device remove {os.path.basename(self.dev)}")

    def remove(self):
        """Takes the volume away."""
        self.host.sh(f"memxctl volume remove {self.name}")

    def unmake(self):
        """Takes both away."""
        self.disconnect()
        self.remove()

    def show(self):
        """What its client knows of it."""
        return shown(self.host, f"volume show {self.name}")

    def map(self):
        """Runs of its chunks and where they are."""
        return told(self.host, f"map {self.name}")

    def chunks(self, node):
        """Numbers of its chunks that a node has."""
        return [chunk for run in self.map() if run["node"] == node for chunk in range(run["first"], run["first"] + run["count"])]

    def nodes(self):
        """The nodes that have some of it."""
        return {run["node"] for run in self.map()}


class Cluster:
    """A client or driver domain (@module: memx_blkback) and its memory servers, all of them hosts of a test."""

    def __init__(self, test, client, servers, module="memx_client"):
        self.test = test
        self.client = client
        self.servers = list(servers)
        self.module = module

    # Coming up.

    def start(self, memory="128M", devs=("eth0",), key=0, **params):
        """Starts all servers, then the client, see load(), and waits until all are heard."""
        self.test.together(*(lambda s=s: self.serve(s, memory, devs, key, **params) for s in self.servers))
        self.join(devs, key, **params)

    @staticmethod
    def serve(host, memory="128M", devs=("eth0",), key=0, **params):
        """Makes @host a memory server."""
        Server(host).start(memory, devs, key, **params)

    def join(self, devs=("eth0",), key=0, host=None, wait=True, **params):
        """Makes the client one of the cluster, or another @host; waits until it hears all servers."""
        load(host or self.client, self.module, devs, key, **params)
        if wait:
            self.heard(host=host)

    def add(self, *hosts, memory="128M", devs=("eth0",), key=0, **params):
        """Starts more servers while the client is there."""
        self.test.together(*(lambda h=h: self.serve(h, memory, devs, key, **params) for h in hosts))
        self.servers += hosts
        self.heard()

    # What is known.

    def known(self, host=None):
        """What the client, or another @host, says of each server."""
        return told(host or self.client, "servers")

    def states(self, host=None):
        """States of the servers that the client knows, in order of the alphabet."""
        return sorted(s["state"] for s in self.known(host))

    def heard(self, timeout=20, host=None):
        """Waits until every server counts as alive."""
        self.test.until(lambda: self.states(host) == ["alive"] * len(self.servers), "all servers are heard", timeout)

    def state_of_node(self, node):
        """State of one server as the client sees it, or None; @node: its id as node() gives it."""
        for s in self.known():
            if s["node"] == node:
                return s["state"]
        return None

    @staticmethod
    def node(server):
        """A server's node id, as tools write it. Only while it runs."""
        return Server(server).node()

    @staticmethod
    def used(server):
        """Pages that a server stores."""
        return Server(server).used()

    def stored(self):
        """Pages on each server, in the order in which they were named."""
        return [self.used(server) for server in self.servers]

    # The volume that most tests have, by its name.

    def make(self, size, name="v", options=""):
        """A volume and its block device; gives the device's path."""
        return Volume(self.client, name).make(size, options)

    def unmake(self, name="v", dev="memxa"):
        """Takes both away."""
        Volume(self.client, name, f"/dev/{dev}").unmake()

    def volume(self, name="v"):
        """What the client knows of a volume."""
        return Volume(self.client, name).show()

    def chunks(self, node, name="v"):
        """Numbers of a volume's chunks that a node has."""
        return Volume(self.client, name).chunks(node)

    # Going down.

    def empty(self, timeout=30):
        """Waits until no server stores anything."""
        self.test.until(lambda: not sum(self.stored()), "the servers have their memory back", timeout)

    def balanced(self, timeout=30, host=None):
        """Waits until as much was freed as was made at the client, or another @host; call it when no volume is left there."""
        def same():
            figures = (host or self.client).counters("core")
            return all(figures[f"{what}_created"] == figures[f"{what}_destroyed"] > 0
                       for what in ("volumes", "chunks", "ops", "pages"))

        self.test.until(same, "nothing is left in the client's memory", timeout)
