"""What was found about people who are in there twice, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from crmkit.cleaning.people_state import PeopleState

#: The findings that count rows merged into another one because they are one person's: of herself, of what reached her.
MERGED_ROWS = ("rows of people who were in there twice", "rows reached a person twice")

_ACCOUNTS = ("customer_id", "person_id", "oldest", "newest")


@dataclass(frozen=True, eq=False)
class TwicePeople:
    """Who was merged, and who is asked for.

    Attributes
    ----------
    accounts : DataFrame
        customer_id, person_id, oldest, newest of everybody who is merged.
    state : PeopleState
        What the store is to know: what was answered, merged and is asked.
    people : DataFrame
        Rows of ``customer_identities`` as they came.
    file : str
        Where it is asked.
    n_more : int
        Questions beyond those that are asked at once [pairs].
    """

    accounts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_ACCOUNTS))
    state: PeopleState = field(default_factory=PeopleState)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    file: str = ""
    n_more: int = 0

    def sentences(self, written: bool) -> list[str]:
        """Say what was merged and what waits for an answer; in the future tense where nothing was written."""
        n_people, n_accounts = self.accounts["person_id"].nunique(), len(self.accounts)
        told = []
        if n_people:
            often = "twice" if n_accounts == 2 * n_people else f"more than once ({n_accounts:,} entries)"
            are, become = ("person was", "is") if n_people == 1 else ("people were", "are")
            then = (
                f"{become} now one"
                if written
                else f"{'becomes' if n_people == 1 else 'become'} one when they are loaded"
            )
            told.append(f"{n_people:,} {are} in there {often} and {then}; `crmkit duplicates` lists them.")
        if len(self.state.questions):
            n, more = len(self.state.questions), f" ({self.n_more:,} more come later)" if self.n_more else ""
            waits = f"{n:,} {'pair waits' if n == 1 else 'pairs wait'} for your answer in {self.file}{more}"
            mind = "It holds names and addresses: only you can read it, and it stays on this machine."
            told.append(
                f"{waits}. {mind}" if written else f"`crmkit load` will ask about {n:,} pairs in {self.file}{more}."
            )
        return told
