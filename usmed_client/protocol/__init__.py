"""Messages between the programs of the federation, versioned; and the encrypted stream.

A message that carries an unknown field or version is refused, never guessed at.
"""

from typing import Final

PROTOCOL_VERSION: Final = 1
