# SPDX-License-Identifier: GPL-2.0
"""A PV guest of 128 MiB sorts 320 MiB, swapping to memory of two other machines."""
from swapping import GuestSwap


class T(GuestSwap):
    type = "pv"
