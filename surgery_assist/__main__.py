"""Console script ``surgery-assist``: parses, dispatches, and turns errors into one line."""

import os
import sys
from collections.abc import Sequence

from surgery_assist.cli.parsing import build_parser, language_of
from surgery_assist.errors import SurgeryAssistError
from surgery_assist.messages import explain, translate

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code (0 done, 2 bad usage, 3 not understood, 4 nothing)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _write_utf8()
    try:
        options = build_parser().parse_args(words)
        code = int(options.run(options))
        sys.stdout.flush()
    except SurgeryAssistError as error:
        text = " ".join(explain(error, language_of(words)).split())
        print(text, file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (``| head``); Python must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # A traceback helps no nurse, and might hold what is in a file.
        if os.environ.get("SURGERY_ASSIST_DEBUG"):
            raise
        kind = type(error).__name__
        print(translate("error.unexpected", language_of(words), kind=kind), file=sys.stderr)  # noqa: T201
        return 1
    return code


def _write_utf8() -> None:
    """Romanian letters come out whole, whatever the terminal claims to be."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    sys.exit(main())
