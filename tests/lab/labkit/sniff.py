# SPDX-License-Identifier: GPL-2.0
"""Listens on a host's port of the virtual switch, as somebody on the segment could."""
import socket
import threading

ETH_P_ALL = 3
MOST = 200000                   # frames kept


class Sniffer:
    """Keeps the frames of one EtherType that pass a host's port: with Sniffer(host, 0x88b5) as s: ...; s.frames."""

    def __init__(self, host, ethertype, most=MOST):
        self.frames = []
        self.missed = 0
        self._type = ethertype.to_bytes(2, "big")
        self._most = most
        self._on = False
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self._socket.bind((host.taps[0], 0))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while self._on:
            try:
                frame = self._socket.recv(65536)
            except socket.timeout:
                continue
            if frame[12:14] != self._type:
                continue
            if len(self.frames) < self._most:
                self.frames.append(frame)
            else:
                self.missed += 1

    def __enter__(self):
        self._on = True
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._on = False
        self._thread.join()
        self._socket.close()
