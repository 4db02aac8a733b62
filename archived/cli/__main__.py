"""`python -m archived.cli` is `archivedctl`."""

from archived.cli import main

if __name__ == "__main__":
    main()
