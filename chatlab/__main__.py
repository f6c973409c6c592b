"""python -m chatlab: the same as the command lab."""

import sys

from chatlab.cli import main

sys.exit(main())
