# SPDX-License-Identifier: GPL-2.0
"""Writes initramfs archives (cpio "newc"), device nodes included, without needing root."""
import os
import stat


class Archive:
    """An initramfs in the making; paths are relative, their folders are made as needed."""

    def __init__(self):
        self._parts = []
        self._dirs = set()
        self._ino = 0
        self._add("dev", stat.S_IFDIR | 0o755)
        self._dirs.add("dev")
        self._add("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))

    def _add(self, path, mode, data=b"", rdev=(0, 0)):
        self._ino += 1
        name = path.encode() + b"\0"
        fields = (self._ino, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self._parts.append(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def folder(self, path):
        """Adds a folder and the folders above it."""
        if not path or path in self._dirs:
            return
        self.folder(os.path.dirname(path))
        self._dirs.add(path)
        self._add(path, stat.S_IFDIR | 0o755)

    def data(self, path, data, mode=0o644):
        """Adds a file with the given bytes."""
        self.folder(os.path.dirname(path))
        self._add(path, stat.S_IFREG | mode, data)

    def file(self, path, source, mode=0o644):
        """Adds a copy of a file."""
        with open(source, "rb") as f:
            self.data(path, f.read(), mode)

    def link(self, path, target):
        """Adds a symbolic link."""
        self.folder(os.path.dirname(path))
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def write(self, path):
        """Writes the archive out."""
        self._add("TRAILER!!!", 0)
        with open(path + ".new", "wb") as f:
            f.write(b"".join(self._parts))
        os.rename(path + ".new", path)
