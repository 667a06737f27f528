"""The federation's client library: what gateways, command line and Surgery Assist share."""
