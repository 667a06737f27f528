"""The shape of the code: documented, short, one way of imports, right letters."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "surgery_assist"
SOURCES = sorted(PACKAGE.rglob("*.py"))
QT_OVERRIDES = ("Event", "sizeHint", "minimumSizeHint")


def _undocumented(path):
    def walk(body, prefix):
        for node in body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            overload = any("override" in ast.dump(d) for d in node.decorator_list)
            if node.name.startswith("_") or node.name.endswith(QT_OVERRIDES) or overload:
                continue
            if ast.get_docstring(node) is None:
                yield f"{path.relative_to(ROOT)}: {prefix}{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{node.name}.")

    tree = ast.parse(path.read_text("utf-8"))
    if ast.get_docstring(tree) is None and tree.body:
        yield f"{path.relative_to(ROOT)}: module"
    yield from walk(tree.body, "")


def test_public_names_are_documented():
    assert [name for path in SOURCES for name in _undocumented(path)] == []


def test_files_are_short():
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > 600} == {}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("surgery_assist.commands.catalogue", ("PySide6", "vtkmodules", "vosk", "pydicom")),
        ("surgery_assist.imaging", ("PySide6", "vtkmodules", "pydicom")),
        ("surgery_assist.__main__", ("PySide6", "vtkmodules", "vosk", "numpy", "pydicom")),
    ],
)
def test_imports_stay_light(module, unwanted):
    code = f"import sys, {module}; print([m for m in {unwanted!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[]"


def test_romanian_letters_have_their_comma():
    """Cedilla letters (U+015E, U+015F, U+0162, U+0163) stand in no text of ours."""
    wrong = {chr(code) for code in (0x15E, 0x15F, 0x162, 0x163)}
    suffixes = {".py", ".yaml", ".toml", ".md", ".csv", ".svg", ".txt"}
    folders = [PACKAGE, ROOT / "resources", ROOT / "docs", ROOT / "models", *ROOT.glob("*.md")]
    files = [p for folder in folders for p in ([folder] if folder.is_file() else folder.rglob("*"))]
    bad = [
        str(path.relative_to(ROOT))
        for path in files
        if path.suffix in suffixes and path.is_file() and wrong & set(path.read_text("utf-8"))
    ]
    assert bad == []
