"""The asked side: whom we know, what we would send, and the sealed chunks of it."""
