"""``usmed-server``: gateway, directory, demo."""

import argparse
import asyncio
import sys
from pathlib import Path

from usmed_client.errors import UsmedError


def main(arguments: list[str] | None = None) -> int:
    """Run one of the programs; 0 when it ended as asked, 1 for an error, 2 for bad usage."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except UsmedError as error:
        print(f"usmed-server: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return code


def _gateway(options: argparse.Namespace) -> int:
    from usmed_server.core.certificates import Credential  # noqa: PLC0415  (each program alone)
    from usmed_server.core.database import Database  # noqa: PLC0415
    from usmed_server.core.logs import set_up_logs  # noqa: PLC0415
    from usmed_server.core.serving import Server  # noqa: PLC0415
    from usmed_server.gateway.app import MIGRATIONS, build_gateway  # noqa: PLC0415
    from usmed_server.gateway.settings import GatewaySettings  # noqa: PLC0415

    settings = GatewaySettings.load(options.config)
    set_up_logs(f"gateway {settings.site}", settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url)
    database.upgrade(MIGRATIONS)
    gateway = build_gateway(settings, database)
    credential = Credential(settings.certificate, settings.private_key, settings.authority)
    asyncio.run(Server(gateway.app, settings.host, settings.port, credential).serve())
    return 0


def _directory(options: argparse.Namespace) -> int:
    from usmed_server.core.certificates import Credential  # noqa: PLC0415
    from usmed_server.core.database import Database  # noqa: PLC0415
    from usmed_server.core.logs import set_up_logs  # noqa: PLC0415
    from usmed_server.core.serving import Server  # noqa: PLC0415
    from usmed_server.directory.app import MIGRATIONS, build_app  # noqa: PLC0415
    from usmed_server.directory.settings import DirectorySettings  # noqa: PLC0415

    settings = DirectorySettings.load(options.config)
    set_up_logs("directory", settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url)
    database.upgrade(MIGRATIONS)
    credential = Credential(settings.certificate, settings.private_key, settings.authority)
    asyncio.run(
        Server(build_app(settings, database), settings.host, settings.port, credential).serve()
    )
    return 0


def _demo(options: argparse.Namespace) -> int:
    from usmed_server.demo.faults import Fault  # noqa: PLC0415
    from usmed_server.demo.run import run_demo  # noqa: PLC0415

    faults = dict(Fault.parse(text) for text in options.fault)
    return asyncio.run(run_demo(options.dir, options.hospitals, faults))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="usmed-server", description=__doc__)
    programs = parser.add_subparsers(required=True, metavar="PROGRAM")
    for name, run, text in (
        ("gateway", _gateway, "between a hospital's PACS and the federation"),
        ("directory", _directory, "sites, locator and relay of the federation"),
    ):
        program = programs.add_parser(name, help=text, description=text)
        program.add_argument("--config", type=Path, required=True, metavar="FILE")
        program.set_defaults(run=run)
    demo = programs.add_parser("demo", help="the whole federation on this machine")
    demo.add_argument("--dir", type=Path, metavar="D", help="kept; default: a temporary folder")
    demo.add_argument("--hospitals", type=int, default=3, metavar="N")
    demo.add_argument(
        "--fault", action="append", default=[], metavar="HOSPITAL=KIND:VALUE",
        help="slow:BYTES_A_SECOND, cut:AFTER_BYTES or down:AFTER_SECONDS",
    )  # fmt: skip
    demo.set_defaults(run=_demo)
    return parser


if __name__ == "__main__":
    sys.exit(main())
