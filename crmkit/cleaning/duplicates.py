"""People who are in there twice: found, asked for, and the sure ones merged, before the store is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import pandas as pd

from crmkit.cleaning.checked import Checked
from crmkit.cleaning.clusters import Clusters, Pair, clustered, pair_of
from crmkit.cleaning.findings import Finding
from crmkit.cleaning.linkage import linked_people
from crmkit.cleaning.people_state import PeopleState, now, read_people_state, with_answers, with_merges
from crmkit.cleaning.repeats import shared_contacts
from crmkit.cleaning.review_file import pair_name, read_review
from crmkit.cleaning.sureness import judged_pairs
from crmkit.cleaning.survivors import merge_rows, ranked_accounts
from crmkit.cleaning.twice_people import MERGED_ROWS, TwicePeople
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import Settings
from crmkit.sources.sql import MERGED, REASON, identifier
from crmkit.sources.store import found_store
from crmkit.tables.schema import SCHEMAS

IDENTITIES = "customer_identities"
_BY_HAND = "answered: same"
_CONSEQUENCE = ("Merged into the row of the oldest account, with what belongs to it. "
                "`crmkit duplicates` lists them, `crmkit unmerge` undoes one.")  # fmt: skip


def merge_people(
    con: duckdb.DuckDBPyConnection, checked: Sequence[Checked], settings: Settings
) -> tuple[list[Checked], TwicePeople | None]:
    """Look for people who are in there twice, and merge those who are so for sure or by the analyst's answer.

    Returns
    -------
    (list of Checked, TwicePeople or None)
        The tables with one row per person; None where there are no personal data, or the settings say not to look.

    Raises
    ------
    Problems
        With all that is wrong with the answers in the review file.
    """
    wanted = settings.duplicates
    identities = next((table for table in checked if table.table == IDENTITIES), None)
    known = read_people_state(found_store(settings.path("store")))
    if identities is None or not wanted.find:
        return list(checked), _nobody(known)
    people = con.execute(identities.kept).df()
    answers = with_answers(known.answers, _answers_in_file(settings, known), now())
    pairs = _likely_pairs(people, settings)
    answered = PeopleState(answers).answered
    sure = pairs[pairs["sure"]] if wanted.merge else pairs.iloc[:0]
    groups = _groups(sure, answered, people)
    tables = {table.table: table.kept for table in checked}
    accounts = ranked_accounts(con, tables, groups.people)
    dropped = merge_rows(con, tables, accounts) if len(accounts) else {}
    links = _links(pairs, sure, answered, accounts)
    questions = _questions(pairs, answered, accounts)
    asked = questions.head(wanted.most_questions)
    state = PeopleState(answers, with_merges(known.merges, accounts, links, now()), links, asked)
    told = TwicePeople(accounts, state, people, str(wanted.file), len(questions) - len(asked))
    return [_recounted(con, table, dropped) for table in checked], told


def has_new_answers(settings: Settings) -> bool:
    """Tell whether the review file holds an answer that the store has not read yet.

    Raises
    ------
    Problems
        With all that is wrong with the answers.
    """
    known = read_people_state(found_store(settings.path("store")))
    return settings.duplicates.find and not _answers_in_file(settings, known).items() <= known.answered.items()


def _nobody(known: PeopleState) -> TwicePeople | None:
    """Return what is left to note where nobody is looked for: earlier merges no longer hold."""
    if known.merges.empty and known.answers.empty:
        return None
    nobody = TwicePeople()
    log = with_merges(known.merges, nobody.accounts, known.links, now())
    return replace(nobody, state=replace(PeopleState(known.answers), merges=log))


def _likely_pairs(people: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return the pairs that may be one person: customer_id, other_id, score, why, sure, others."""
    found = linked_people(people)
    likely = found[found["probability"] >= settings.duplicates.ask]
    judged = judged_pairs(likely, people).rename(columns={"probability": "score", "agreement": "why"})
    in_order = [pair_of(*ids) for ids in zip(judged["customer_id"], judged["other_id"], strict=True)]
    judged[["customer_id", "other_id"]] = pd.DataFrame(in_order, judged.index, ["customer_id", "other_id"])
    return judged.assign(
        sure=judged["agrees"] & ~judged["contradicted"] & (judged["score"] >= settings.duplicates.sure)
    )


def _answers_in_file(settings: Settings, known: PeopleState) -> dict[Pair, str]:
    file = settings.folder / settings.duplicates.file
    if file.resolve().parent == settings.path("exports"):
        raise CrmkitError(f"{file} would be read as an export. Name a file outside {settings.data.exports}: "
                          "file = ... under [duplicates].")  # fmt: skip
    heard_of = [*known.answered, *_pairs(known.questions)]
    return read_review(file, {pair_name(pair): pair for pair in heard_of})


def _groups(sure: pd.DataFrame, answered: Mapping[Pair, str], people: pd.DataFrame) -> Clusters:
    there = set(people["customer_id"])
    said = {word: [pair for pair, answer in answered.items() if answer == word and there.issuperset(pair)]
            for word in ("same", "different")}  # fmt: skip

    def contradicted(pairs: list[Pair]) -> set[Pair]:
        judged = judged_pairs(pd.DataFrame(pairs, columns=["customer_id", "other_id"]), people)
        wrong = judged[judged["contradicted"]]
        return set(zip(wrong["customer_id"], wrong["other_id"], strict=True))

    groups = clustered(_pairs(sure), said["same"], said["different"], contradicted)
    if groups.impossible:
        raise Problems("The review of duplicates", [
            f"pair {pair_name(pair)} is answered different, and other answers make {pair[0]} and {pair[1]} one person. "
            "Change one of these answers." for pair in groups.impossible])  # fmt: skip
    return groups


def _links(
    pairs: pd.DataFrame, sure: pd.DataFrame, answered: Mapping[Pair, str], accounts: pd.DataFrame
) -> pd.DataFrame:
    """Return the pairs that the merges rest on."""
    person = dict(zip(accounts["customer_id"], accounts["person_id"], strict=True))
    scores = dict(zip(_pairs(pairs), pairs["score"], strict=True))
    found = {pair: (score, why) for pair, score, why in zip(_pairs(sure), sure["score"], sure["why"], strict=True)
             if answered.get(pair) != "different"}  # fmt: skip
    by_hand = {pair: (scores.get(pair, 1.0), _BY_HAND) for pair, answer in answered.items() if answer == "same"}
    rows = [(*pair, *told) for pair, told in sorted({**found, **by_hand}.items())
            if pair[0] in person and person[pair[0]] == person.get(pair[1])]  # fmt: skip
    return pd.DataFrame(rows, columns=["customer_id", "other_id", "score", "why"])


def _questions(pairs: pd.DataFrame, answered: Mapping[Pair, str], accounts: pd.DataFrame) -> pd.DataFrame:
    person = dict(zip(accounts["customer_id"], accounts["person_id"], strict=True))
    is_open = [pair not in answered and (pair[0] not in person or person[pair[0]] != person.get(pair[1]))
               for pair in _pairs(pairs)]  # fmt: skip
    asked = pairs[pd.Series(is_open, pairs.index, dtype=bool) & ~pairs["others"]]
    return asked[["customer_id", "other_id", "score", "why"]].reset_index(drop=True)


def _pairs(rows: pd.DataFrame) -> list[Pair]:
    return list(zip(rows["customer_id"], rows["other_id"], strict=True))


def _recounted(con: duckdb.DuckDBPyConnection, table: Checked, dropped: Mapping[str, int]) -> Checked:
    """Return a table with the rows of its people instead of those of their accounts, and with what became of the others."""
    name, n = table.table, dropped.get(table.table)
    if n is None:
        return table
    counts = replace(table.counts, n_kept=table.counts.n_kept - n, n_merged=table.counts.n_merged + n)
    findings = list(table.findings)
    if n:
        _mark_merged(con, table)
    if name == IDENTITIES:
        findings = [each for each in findings if "customers share their" not in each.finding]
        findings += [
            replace(each, share=each.n_rows / max(counts.n_in, 1)) for each in shared_contacts(con, table.taken)
        ]
    if n:
        what = MERGED_ROWS[name not in ("customers", IDENTITIES)]
        findings.append(Finding(name, what, n, n / max(counts.n_in, 1), "note", _CONSEQUENCE))
    return replace(table, counts=counts, findings=tuple(findings), merged=f"merged_{name}")


def _mark_merged(con: duckdb.DuckDBPyConnection, table: Checked) -> None:
    """Mark the rows that went into those of another account, so that rows are counted by file as they are in all."""
    relation, before = table.taken.relation, f"before_{table.table}"
    same = " AND ".join(f"b.{key} = {relation}.{key}" for key in map(identifier, SCHEMAS[table.table].key))
    con.execute(f"UPDATE {relation} SET {MERGED} = true WHERE {REASON} IS NULL AND EXISTS "
                f"(FROM {before} b WHERE b.merged_position IS NULL AND {same})")  # fmt: skip
