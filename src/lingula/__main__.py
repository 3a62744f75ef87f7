"""``python -m lingula`` is the command line."""

from lingula.cli import main

if __name__ == "__main__":
    main()
