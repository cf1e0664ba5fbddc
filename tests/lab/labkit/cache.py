# SPDX-License-Identifier: GPL-2.0
"""Keeps the cache from growing with every change of a recipe."""
import glob
import os
import shutil

from .paths import CACHE


def forget_old(keep, pattern, mine):
    """Removes all but the @keep most recently used folders of the cache that match @pattern."""
    os.utime(mine)
    folders = sorted(glob.glob(os.path.join(CACHE, pattern)), key=os.path.getmtime, reverse=True)
    for folder in folders[keep:]:
        shutil.rmtree(folder, ignore_errors=True)
