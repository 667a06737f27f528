"""Messages between the programs of the federation; and the encrypted stream.

A message that carries an unknown field is refused, never guessed at. The version is part of the
addresses (``/n/v1``, ``/h/v1``, ``/v1``) and of what is signed or sealed.
"""
