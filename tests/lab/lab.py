# SPDX-License-Identifier: GPL-2.0
"""What a lab test imports: from lab import Test, linux, xen, Failed."""
from labkit.case import Test
from labkit.channel import Failed
from labkit.host import linux, xen

__all__ = ["Test", "Failed", "linux", "xen"]
