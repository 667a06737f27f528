"""The gateway's HTTP: for other gateways (``/n/v1``) and for our own workstations (``/v1``)."""
