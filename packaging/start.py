"""What the bundle starts: the program, or one of its workers, which need none of the rest."""

import sys

if sys.argv[1:2] == ["--isolated-worker"]:
    from surgery_assist.imaging.isolation.child import main as work

    work(sys.argv[2])
    sys.exit(0)

from surgery_assist.__main__ import main

sys.exit(main())
