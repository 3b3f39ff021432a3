"""The command line ``crmkit``: a verb is a few lines over one public function.

Standard output carries the result and nothing else, so it can be piped; progress and errors go to standard error.
Exit code 0: all good; 1: the report has a page that failed; 2: the input or a setting must be corrected.
"""

from __future__ import annotations

import signal

from crmkit.cli.output import plain_output, use_utf8_names


def main() -> None:
    """Run the command line; the entry point of ``crmkit`` and of ``python -m crmkit``."""
    use_utf8_names()
    from crmkit.cli.commands import app

    plain_output()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidy up as after Ctrl-C
    app()
