"""`python -m archived.cli` is `archivedctl`."""

import sys

from archived.cli import main

if __name__ == "__main__":
    sys.exit(main())
