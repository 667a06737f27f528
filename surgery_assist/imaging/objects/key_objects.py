"""Key object selections: the images that someone marked (PS3.3 A.35.4, C.17.6)."""

from surgery_assist.imaging.elements import Elements


def key_instances(header: Elements) -> tuple[str, ...]:
    """Instance UIDs that a key object selection points at, in its order."""
    found = []
    for item in header.items(0x0040A730):
        if item.code(0x0040A040, 16) not in ("IMAGE", "COMPOSITE"):
            continue
        found += [reference.code(0x00081155) for reference in item.items(0x00081199)]
    if not found:  # some writers fill in the evidence alone
        for study in header.items(0x0040A375):
            for series in study.items(0x00081115):
                found += [entry.code(0x00081155) for entry in series.items(0x00081199)]
    return tuple(dict.fromkeys(uid for uid in found if uid))
