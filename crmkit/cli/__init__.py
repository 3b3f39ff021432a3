"""The command line ``crmkit``: a verb is a few lines over one public function.

Standard output carries the result and nothing else, so it can be piped; progress and errors go to standard error.
Exit code 0: all good; 1: the report has a page that failed; 2: the input or a setting must be corrected;
130: stopped by Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import sys

from crmkit.cli.output import plain_output, use_utf8_names
from crmkit.cli.signals import end_on_signals


def main() -> None:
    """Run the command line; the entry point of ``crmkit`` and of ``python -m crmkit``."""
    end_on_signals()
    try:
        use_utf8_names()
        from crmkit.cli.commands import app

        plain_output()
        app()
    except KeyboardInterrupt:  # before the command has begun, or once it has ended
        sys.stderr.write("Stopped. Nothing is left half done.\n")
        sys.exit(130)
