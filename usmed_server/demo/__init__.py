"""The whole federation on one machine, with patients who do not exist."""
