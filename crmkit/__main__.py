"""``python -m crmkit``: the command line where the folder of scripts is not on the path, as often on Windows."""

from crmkit.cli import main

if __name__ == "__main__":
    main()
