"""The embedded archive: a small PACS of files and tables, for hospitals that have none at hand."""
