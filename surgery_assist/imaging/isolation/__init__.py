"""Reading hostile files where they can't take the program down.

Files come from other hospitals and from discs; parsers and decoders of theirs are big and old.
Whatever is not plain is parsed and decoded in worker processes that are bounded in memory and
time. Messages are JSON, pixels lie in shared memory; nothing that a worker says is executed.
"""
