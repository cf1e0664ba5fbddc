# SPDX-License-Identifier: GPL-2.0
"""Finds what no console may show after a test."""
import re

BAD = re.compile(r"BUG:|WARNING:|\bOops\b|Call Trace|general protection|Kernel panic|Panic on CPU|"
                 r"[Uu]nable to handle|blocked for more than \d+ seconds|detected stalls?|self-detected stall|"
                 r"circular locking|inconsistent lock state|suspicious RCU usage|possible recursive locking|"
                 r"sleeping function called from invalid|kmemleak: \d+ new|KASAN|UBSAN|refcount_t:|"
                 r"segfault at|Out of memory: Killed")


def hits(text, allowed):
    """Lines of @text that are bad and match none of the @allowed patterns."""
    found = []
    for line in text.splitlines():
        if BAD.search(line) and not any(re.search(pattern, line) for pattern in allowed):
            found.append(line.strip())
    return found
