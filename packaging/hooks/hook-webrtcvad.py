"""Replaces the hook that asks for the metadata of a package by another name."""

from PyInstaller.utils.hooks import copy_metadata

datas = copy_metadata("webrtcvad-wheels")
