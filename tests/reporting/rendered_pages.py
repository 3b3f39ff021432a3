"""A whole page from the hand-made frames, as a notebook that has already run: no kernel is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from crmkit.plots import plot_groups, plot_history
from crmkit.reporting import render_page
from crmkit.reporting.pages import (
    figure,
    glossary_section,
    method,
    opening,
    provenance,
    quality_notes,
    table,
    tiles,
)
from crmkit.settings import parse_settings
from tests.reporting.factories import THROUGH, glossary_frame, groups_frame, history_frame, scorecard_frame

matplotlib.use("agg")

SETTINGS = parse_settings({"company": {"name": "Kaldi Coffee", "currency": "EUR"}})
HOSTILE = '<script>document.title="taken"</script><img src=x onerror=alert(1)> $x^2$ "quoted" & \'more\''
ORIGIN = {
    "files": [
        {"file": f"exports/{name}.csv", "sha256": "9f3c" * 16, "n_rows": 100}
        for name in ("orders", "customers", "costs")
    ],
    "input_sha256": "9f3c2e21" * 8,
    "n_rows": 214_388,
    "tables": {"orders": 5204, "customers": 4742, "survey_responses": 509},
    "rejected": {"survey_responses": 37},
}


def shown(*objects: Any, source: str = "secret_code()", tags: tuple[str, ...] = ()) -> Any:
    """A code cell that has shown these objects."""
    outputs = [
        new_output("display_data", {"text/html": item._repr_html_(), "text/plain": repr(item)}) for item in objects
    ]
    return new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})


def notebook_of(*cells: Any, period: str = "2026-10") -> Any:
    """An executed notebook as papermill leaves it."""
    notebook = new_notebook(cells=list(cells))
    notebook.metadata["papermill"] = {"parameters": {"period": period}}
    return notebook


def rendered(folder: Path, *cells: Any, name: str = "scorecard", **options: Any) -> Path:
    """Render cells to ``folder/name.html`` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"{name}.ipynb"
    nbformat.write(notebook_of(*cells, period=options.pop("noted", "2026-10")), source)
    render_page(source, folder / f"{name}.html", **{"company": "Kaldi Coffee"} | options)
    source.unlink()
    return folder / f"{name}.html"


NOTES = ["37 survey answers had no date and are left out.", "12 customers were in the files twice and were merged."]


def scorecard_cells(
    scorecard: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
    by_channel: pd.DataFrame | None = None,
    glossary: pd.DataFrame | None = None,
    notes: list[str] | None = None,
) -> list[Any]:
    """The cells of a scorecard page with every kind of display object."""
    scorecard = scorecard_frame() if scorecard is None else scorecard
    history = history_frame() if history is None else history
    churn = history[history["metric"] == "churn_rate"]
    by_channel = groups_frame() if by_channel is None else by_channel
    glossary = glossary_frame() if glossary is None else glossary
    return [
        new_markdown_cell("# Scorecard\n\nHow are we doing, and is any change real?"),
        shown(
            opening(
                scorecard,
                SETTINGS,
                data_through=THROUGH,
                n_quality_notes=2,
                links={"churn_rate": ("Who and why", "churn.html")},
            )
        ),
        shown(tiles(scorecard, history, SETTINGS)),
        shown(
            figure(
                plot_history(churn, target=0.04, tone="worse"),
                "Customers left faster in October than in any month for a year",
                "Customers active at the start of the month and gone by its end, share of those at the start, with 95 % intervals",
                alt="Share of customers lost per month with 95 percent intervals: near 4 percent for a year, then 6.2 percent in "
                "October 2026, above every earlier month and above the target of 4 percent.",
                caption="Lost customers are those whose paid term ended or who have not ordered for 90 days.",
                data=churn,
                settings=SETTINGS,
            )
        ),
        shown(
            figure(
                plot_groups(by_channel, overall=0.062),
                "Customers won by paid social leave twice as often as those from search",
                "Share of customers lost in October 2026 by the channel that won them, with 95 % intervals",
                alt="Share of customers lost by channel: paid social 9.4 percent, search 5.1 percent, recommended 3.1 percent.",
                data=by_channel,
                settings=SETTINGS,
            )
        ),
        shown(
            table(
                by_channel[["channel", "value", "n"]],
                "Lost customers by channel",
                units={"value": "share", "n": "count"},
                labels={"value": "Lost", "n": "At start"},
            )
        ),
        shown(quality_notes(notes or NOTES)),
        shown(method(scorecard), glossary_section(glossary, scorecard["metric"])),
        shown(
            provenance(
                ORIGIN,
                parameters={"period": "2026-10"},
                command="crmkit report --period 2026-10 --only scorecard",
                seed=7,
            )
        ),
    ]
