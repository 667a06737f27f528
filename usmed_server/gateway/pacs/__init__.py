"""The local PACS, by whatever protocol it speaks."""
