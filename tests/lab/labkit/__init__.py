# SPDX-License-Identifier: GPL-2.0
"""The lab: real hosts in QEMU on a virtual switch, and tests that drive them."""
