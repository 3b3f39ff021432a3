"""Answers whose scale no column states: the usual one of their survey where the scores prove it, else a question."""

from __future__ import annotations

import duckdb

from crmkit.cleaning.checks.parse_rows import ParsedTable
from crmkit.sources.parsing.scales import scale_question, scores_of
from crmkit.sources.sql import REASON


def scale_questions(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[str]:
    """Return a question, without full stop, for each survey whose scale is neither stated nor proven by its scores.

    Parameters
    ----------
    con : duckdb connection
    parsed : ParsedTable
        Any table; only answers are asked about.
    """
    if parsed.staged.table != "survey_responses" or not {"survey", "score"} <= parsed.rules.keys():
        return []
    unstated = "scale_max IS NULL" if "scale_max" in parsed.rules else "true"
    rows = f"(SELECT * FROM {parsed.relation} WHERE ({unstated}) AND {REASON} IS NULL)"
    found = scores_of(con, rows, "survey", "score")
    files = parsed.staged.files
    questions = []
    for scores in found:
        if scores.scale is None:
            question = scale_question(scores, len(found) > 1)
            where = f" under [files.{files.name}]" if files else ""
            path = "" if files is None or files.declared else f', with path = "{files.paths[0].name}"'
            columns = ", or give the columns scale_min and scale_max" if files else ""
            question = (
                question if files else question.partition(". Write")[0] + ". Give the columns scale_min and scale_max"
            )
            questions.append(f"{question}{where}{path}{columns}")
    return questions
