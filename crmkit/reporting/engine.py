"""papermill's way to run a notebook, with the executed copy written once, at the end."""

from __future__ import annotations

from typing import Any

from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb

NAME = "crmkit"


class WritesOnce(NBClientEngine):
    """Writes the executed notebook when it is over, however it ends.

    papermill writes it before and after each cell, which with the pictures of a page takes as long as the cells do.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, **options: Any) -> Any:
        """Run the cells; if that ends by an error, write what there is so far. Else papermill writes it."""
        for machine in ("input_path", "output_path"):  # paths of this machine: a notebook may be passed on
            nb.metadata.get("papermill", {}).pop(machine, None)
        try:
            return super().execute_notebook(nb, kernel_name, None, **options)
        except BaseException:
            write_ipynb(nb, output_path)
            raise


papermill_engines.register(NAME, WritesOnce)
