"""Memory of a process that loads much once and then serves from many threads."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of glibc's ``malloc.h``."""


def limit_pools() -> None:
    """Has the C library's malloc keep two pools of memory and not eight per core.

    Each thread that finds none free opens another, and none gives back what it once held.
    """
    with suppress(OSError, AttributeError):  # another C library has no such knob
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def keep_loaded() -> None:
    """Leaves what is loaded out of the garbage collection, which need not look through it again and
    again, and would write to pages that processes share."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Gives back to the system what loading took of memory and no longer needs."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
