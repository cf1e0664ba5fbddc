# SPDX-License-Identifier: GPL-2.0
"""Takes the ELF kernel out of a bzImage, so that no emulated CPU has to unpack it at each boot."""
import bz2
import lzma
import shutil
import struct
import subprocess
import zlib

from .paths import LabError


def _lzma(data):
    return lzma.LZMADecompressor().decompress(data)


def _zstd(data):
    if not shutil.which("zstd"):
        raise LabError("the kernel is packed by zstd: apt-get install zstd")
    # The last four bytes are the length of what was packed.
    return subprocess.run(["zstd", "-dcq"], input=data[:-4], stdout=subprocess.PIPE, check=True).stdout


UNPACK = ((b"\xfd7zXZ\x00", _lzma), (b"\x5d\x00\x00\x00", _lzma),
          (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(31).decompress(data)),
          (b"\x28\xb5\x2f\xfd", _zstd),
          (b"BZh", lambda data: bz2.BZ2Decompressor().decompress(data)))


def vmlinux(image):
    """The uncompressed kernel inside @image (the boot protocol's payload fields say where it is)."""
    if image[0x202:0x206] != b"HdrS":
        raise LabError("not a bzImage")
    setup = (image[0x1f1] or 4) + 1
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = setup * 512 + offset
    payload = image[start:start + length]
    for magic, unpack in UNPACK:
        if payload.startswith(magic):
            out = unpack(payload)
            if out.startswith(b"\x7fELF"):
                return out
    raise LabError(f"the kernel's payload is packed in a way the lab does not know ({payload[:6].hex()})")
