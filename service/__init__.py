"""Refrain: has this Kremlin claim been made before, and what is the known rebuttal?"""

__version__ = "0.1.0"
