"""The federation's servers: gateway, directory, and the demo that starts them all."""
