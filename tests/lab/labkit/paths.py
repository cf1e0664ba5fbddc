# SPDX-License-Identifier: GPL-2.0
"""Where the lab keeps its things; every path follows from the repository's root."""
import os

LAB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(LAB))
CACHE = os.path.join(ROOT, ".cache", "lab")
BUILD = os.path.join(ROOT, "build")
RESULTS = os.path.join(BUILD, "lab")


class LabError(Exception):
    """A mistake or a lack that the user can mend; shown without a traceback."""
