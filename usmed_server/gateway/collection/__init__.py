"""Collections at the asking hospital: from every site into the local PACS."""
