"""Frozen values that say what is open and what the screen shows. No I/O, no Qt, no pixels."""
