"""`python -m harness` is `halfgig`."""

import sys

from harness.cli import main

sys.exit(main())
