"""Keyboard, mouse and touch: each makes Invocations and changes nothing by itself."""
