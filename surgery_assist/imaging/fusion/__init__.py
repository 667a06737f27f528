"""Colours of one volume over images of another."""
