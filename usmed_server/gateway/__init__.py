"""The gateway of one hospital: between its PACS and the federation."""
