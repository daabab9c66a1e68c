"""`python -m harness` is `halfgig`."""

import sys

from harness.entry import main

sys.exit(main())
