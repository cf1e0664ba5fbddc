# SPDX-License-Identifier: GPL-2.0
"""What tests do with the project's modules: memory servers, a client or driver domain, volumes and what is known of them."""
import json

DEV = "/dev/memxa"


def shown(host, words):
    """What a command of memxctl says, as one object."""
    value = json.loads(host.sh("memxctl --json " + words))
    return value[0] if isinstance(value, list) else value


class Cluster:
    """A client and its memory servers, each started as told."""

    def __init__(self, test, client, servers, module="memx_client"):
        self.test = test
        self.client = client
        self.servers = servers
        self.module = module

    def start(self, memory="128M", devs=("eth0",), **params):
        """Loads modules everywhere, with @params as memx_load() takes them, and waits until all servers are heard."""
        params.setdefault("memx_rmap", "insecure=1")
        self.test.together(*(lambda s=s: self.serve(s, memory, devs, **params) for s in self.servers))
        self.join(devs, **params)

    @staticmethod
    def serve(host, memory="128M", devs=("eth0",), **params):
        """Makes @host a memory server."""
        params = {"memx_rmap": "insecure=1", **params}
        known = {key: value for key, value in params.items() if key in ("memx_rmap", "memx_core", "memx_server")}
        host.memx_load("memx_server", **known)
        for dev in devs:
            host.sh(f"memxctl attach {dev}")
        host.sh(f"memxctl server start --memory {memory}")

    def join(self, devs=("eth0",), **params):
        """Makes the client one of the cluster."""
        params = {"memx_rmap": "insecure=1", **params}
        known = {key: value for key, value in params.items() if key != "memx_server"}
        self.client.memx_load(self.module, **known)
        for dev in devs:
            self.client.sh(f"memxctl attach {dev}")
        self.heard()

    def heard(self, timeout=20):
        """Waits until every server counts as alive."""
        self.test.until(lambda: self.states() == ["alive"] * len(self.servers), "all servers are heard", timeout)

    def states(self):
        """States of the servers that the client knows, in order of the alphabet."""
        return sorted(s["state"] for s in json.loads(self.client.sh("memxctl --json servers")))

    def state_of_node(self, node):
        """State of one server as the client sees it, or None; @node: its id as node() gives it."""
        for s in json.loads(self.client.sh("memxctl --json servers")):
            if s["node"] == node:
                return s["state"]
        return None

    @staticmethod
    def node(server):
        """A server's node id, as tools write it. Only while it runs."""
        return shown(server, "node")["node"]

    def make(self, size, name="v", options=""):
        """A volume and its block device; gives the device's path."""
        self.client.sh(f"memxctl volume create {name} --size {size} {options}")
        return self.client.sh(f"memxctl device create {name}").strip()

    def unmake(self, name="v", dev="memxa"):
        """Takes both away."""
        self.client.sh(f"memxctl device remove {dev} && memxctl volume remove {name}")

    def volume(self, name="v"):
        """What the client knows of a volume."""
        return shown(self.client, f"volume show {name}")

    def chunks(self, node, name="v"):
        """Numbers of a volume's chunks that a node has."""
        return [chunk for run in json.loads(self.client.sh(f"memxctl --json map {name}")) if run["node"] == node
                for chunk in range(run["first"], run["first"] + run["count"])]

    @staticmethod
    def used(server):
        """Pages that a server stores."""
        return shown(server, "server show")["used_pages"]

    def empty(self, timeout=30):
        """Waits until no server stores anything."""
        self.test.until(lambda: not sum(map(self.used, self.servers)), "the servers have their memory back", timeout)

    def balanced(self, timeout=30):
        """Waits until as much was freed as was made at the client; call it when no volume is left."""
        def same():
            figures = self.client.counters("core")
            return all(figures[f"{what}_created"] == figures[f"{what}_destroyed"] > 0
                       for what in ("volumes", "chunks", "ops", "pages"))

        self.test.until(same, "nothing is left in the client's memory", timeout)
