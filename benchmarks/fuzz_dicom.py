"""Break DICOM files in many ways, and read each as the program does.

    python benchmarks/fuzz_dicom.py FOLDER [--count 20000] [--state STATE.json] [--keep FOLDER]

Mutant n is the same in every run: byte flips, cuts, lengths that lie, image sizes that lie, pieces
doubled, dropped or taken from another file. A run goes on where the state file ends. What must
hold: a typed refusal, a typed error or a picture; never more than ten seconds; the process that
the program lives in neither ends nor grows.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.isolation.reader import SafeReader
from surgery_assist.imaging.memory import peak_resident_bytes
from surgery_assist.imaging.records import HeaderError, Instance

LARGEST = 4 << 20
"""Bytes of a file that are used; a longer one is cut there, which is a mutation too."""
SLOW_SECONDS = 10.0
LENGTHS = (0, 1, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
SHORT_VRS = (b"US", b"UI", b"CS", b"DS", b"IS", b"LO", b"PN", b"DA", b"TM", b"SH", b"AE")
LONG_VRS = (b"OW", b"OB", b"SQ", b"UN", b"UT", b"OF")
SIZE_TAGS = (0x0002, 0x0008, 0x0010, 0x0011, 0x0100, 0x0101, 0x0102, 0x0103, 0x0006)
WORDS = (0, 1, 2, 7, 8, 15, 16, 17, 32, 255, 256, 4096, 32767, 32768, 65535)


def flipped(data: bytearray, luck: random.Random) -> bytearray:
    for _ in range(luck.choice((1, 1, 3, 20, 200))):
        at = luck.randrange(len(data))
        data[at] = luck.choice((0, 0xFF, data[at] ^ 1 << luck.randrange(8), luck.randrange(256)))
    return data


def flipped_header(data: bytearray, luck: random.Random) -> bytearray:
    for _ in range(luck.choice((1, 3, 10))):
        at = luck.randrange(min(len(data), 4096))
        data[at] = luck.choice((0, 0xFF, data[at] ^ 1 << luck.randrange(8)))
    return data


def cut(data: bytearray, luck: random.Random) -> bytearray:
    return data[: luck.randrange(len(data))]


def lying_length(data: bytearray, luck: random.Random) -> bytearray:
    """Another length in an element of explicit VR, or anywhere where one might be."""
    vr = luck.choice(SHORT_VRS + LONG_VRS)
    places = [at for at in _found(data, vr) if at >= 4]
    at = luck.choice(places) if places else luck.randrange(len(data))
    if vr in LONG_VRS:
        data[at + 4 : at + 8] = luck.choice(LENGTHS).to_bytes(4, "little")
    else:
        data[at + 2 : at + 4] = (luck.choice(LENGTHS) & 0xFFFF).to_bytes(2, "little")
    return data


def lying_size(data: bytearray, luck: random.Random) -> bytearray:
    """Another number of rows, columns, samples or bits."""
    for tag in luck.sample(SIZE_TAGS, luck.choice((1, 1, 2, 4))):
        for at in _found(data, b"\x28\x00" + tag.to_bytes(2, "little"))[:1]:
            data[at + 8 : at + 10] = luck.choice(WORDS).to_bytes(2, "little")
    return data


def other_vr(data: bytearray, luck: random.Random) -> bytearray:
    places = _found(data, luck.choice(SHORT_VRS + LONG_VRS))
    if places:
        at = luck.choice(places)
        data[at : at + 2] = luck.choice((*SHORT_VRS, *LONG_VRS, b"ZZ", b"\0\0"))
    return data


def doubled(data: bytearray, luck: random.Random) -> bytearray:
    at, length = luck.randrange(len(data)), luck.choice((2, 8, 64, 1024))
    return data[: at + length] + data[at:]


def dropped(data: bytearray, luck: random.Random) -> bytearray:
    at, length = luck.randrange(len(data)), luck.choice((1, 2, 8, 64, 1024))
    return data[:at] + data[at + length :]


MUTATIONS = (
    flipped, flipped_header, flipped_header, cut, lying_length, lying_length, lying_size,
    lying_size, other_vr, doubled, dropped,
)  # fmt: skip


def _found(data: bytearray, what: bytes) -> list[int]:
    places, at = [], data.find(what)
    while at >= 0 and len(places) < 500:
        places.append(at)
        at = data.find(what, at + 1)
    return places


def mutant(number: int, files: Sequence[Path]) -> tuple[bytes, str]:
    """Bytes of one broken file, and the name of what was broken."""
    luck = random.Random(number)  # noqa: S311  (no secret)
    source = files[number % len(files)]
    data = _start(source)
    if luck.random() < 0.1:  # the head of one file and the tail of another
        other = _start(luck.choice(files))
        data = data[: luck.randrange(1, len(data))] + other[luck.randrange(len(other)) :]
    for _ in range(luck.choice((1, 1, 1, 2, 4))):
        data = luck.choice(MUTATIONS)(data, luck) or bytearray(1)
    return bytes(data), source.name


def _start(path: Path) -> bytearray:
    with path.open("rb") as file:
        return bytearray(file.read(LARGEST)) or bytearray(1)


def outcome(reader: SafeReader, path: Path) -> str:
    """Read a file as the program would; what came of it."""
    try:
        found = reader.header(path)
        if not isinstance(found, Instance):
            return "object"
        for frame in {0, found.layout.frames - 1}:
            values = reader.frame(found, frame).values
            values.min()  # every byte can be touched
    except HeaderError as error:
        return f"refused: {error.reason}"
    except DecodeError as error:
        return f"undecodable: {error.key.removeprefix('error.decode_')}"
    return "shown"


def run(
    files: Sequence[Path], numbers: range, keep: Path | None = None
) -> tuple[Counter[str], list[str]]:
    """Read mutants; how often each outcome came, and what must not happen."""
    outcomes: Counter[str] = Counter()
    problems: list[str] = []
    reader = SafeReader()

    def one(number: int) -> None:
        data, name = mutant(number, files)
        path = Path(folder) / f"{number}.dcm"
        path.write_bytes(data)
        begin = time.monotonic()
        try:
            result = outcome(reader, path)
        except Exception as error:  # noqa: BLE001  (this is what is looked for)
            result = f"FAILED: {type(error).__name__}"
            problems.append(f"{number} {name}: {type(error).__name__} {error}"[:200])
        seconds = time.monotonic() - begin
        if seconds > SLOW_SECONDS + 1.0:
            problems.append(f"{number} {name}: {seconds:.1f} s")
        outcomes[result] += 1
        is_odd = result.endswith(("crash", "timeout")) or "FAILED" in result
        if keep is not None and (is_odd or seconds > SLOW_SECONDS):
            keep.mkdir(parents=True, exist_ok=True)
            path.rename(keep / f"{number}-{result.split()[-1]}.dcm")
        path.unlink(missing_ok=True)

    try:
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(reader.pool.count) as pool:
            list(pool.map(one, numbers))
    finally:
        reader.close()
    return outcomes, problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    files = [path for path in sorted(options.folder.rglob("*")) if path.is_file()]
    state: dict[str, object] = {"done": 0, "outcomes": {}, "problems": []}
    if options.state and options.state.exists():
        state = json.loads(options.state.read_text("utf-8"))
    begin = time.monotonic()
    for start in range(int(str(state["done"])), options.count, 500):
        stop = min(start + 500, options.count)
        outcomes, problems = run(files, range(start, stop), options.keep)
        merged = Counter(state["outcomes"]) + outcomes
        state = {
            "done": stop,
            "outcomes": dict(merged.most_common()),
            "problems": [*state["problems"], *problems],
            "rss_peak_mib": peak_resident_bytes() >> 20,
        }
        if options.state:
            options.state.write_text(json.dumps(state, indent=1), "utf-8")
        print(
            f"{stop} files, {time.monotonic() - begin:.0f} s, {len(state['problems'])} problems",
            flush=True,
        )
    print(json.dumps(state, indent=1))
    return 1 if state["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
