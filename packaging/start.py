"""What the bundle starts."""

import sys

from surgery_assist.__main__ import main

sys.exit(main())
