"""Volumes from stacks of slices, and images of planes and curves through them."""
