"""Write the generated pages: ``python docs/generate.py``.

``commands.md`` comes from the registry and the phrase files, the drawing in ``federation.md`` from
the table of a collection's states.
"""

import re
from pathlib import Path

from surgery_assist.cli.reference import reference_page
from usmed_server.gateway.collection.states import drawing

DOCS = Path(__file__).parent


def federation_page(page: str) -> str:
    """The page with its drawing made anew."""
    return re.sub(r"(?s)```mermaid\n.*?```", f"```mermaid\n{drawing()}\n```", page, count=1)


if __name__ == "__main__":
    (DOCS / "commands.md").write_text(reference_page(), "utf-8")
    federation = DOCS / "federation.md"
    federation.write_text(federation_page(federation.read_text("utf-8")), "utf-8")
