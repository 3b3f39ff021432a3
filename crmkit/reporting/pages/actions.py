"""The sections of the page on what to do next: people, proposals, what to stop, and what trials have shown."""

from __future__ import annotations

import pandas as pd

from crmkit.insights.actions.calling import call_advice
from crmkit.insights.actions.draw import trials
from crmkit.insights.actions.measure import action_results, measure
from crmkit.insights.actions.outcomes import OUTCOMES
from crmkit.insights.actions.propose import proposal_sentence, propose
from crmkit.insights.actions.report import NOTHING_PAYS
from crmkit.insights.actions.responders import response_by_group, who_responds
from crmkit.insights.actions.todo import people_to_contact
from crmkit.insights.findings import Finding
from crmkit.metrics.formatting import counted, in_words, joined
from crmkit.periods import PeriodLike, last_day
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.front import ACTIONS, CALL_BACK, FrontLine, with_front_lines
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.opening import opening
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages.section import section
from crmkit.sources.masking import shown_ids
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_SHOWN, _MOST_PROPOSALS = 10, 4
_MONEY = {name: "money" for name in ("worth", "gain", "gain_low", "gain_high", "gain_of_year", "cost")}
_LABELS = {
    "customer_id": "Customer",
    "before": "Last contact",
    "gain": "Expected",
    "gain_low": "From",
    "gain_high": "To",
    "gain_of_year": "Over a year",
    "n_people": "May be drawn",
    "n_treated": "Treat",
    "n_held": "Hold out",
}
_CALL_BACK = "call-back"  # whose people the page on the voice lists, and calls for on the front page
_NEEDS = "orders or subscription_terms"


@section()
def action_opening(catalog: Catalog, period: PeriodLike) -> Fragment:
    """Return the top of the page: how many actions are expected to pay, what runs, and what earlier ones showed."""
    day = last_day(catalog.data_through, period)
    proposals, results, listed = propose(catalog, day), action_results(catalog, day), trials(catalog, day)
    paying = proposals[proposals["advice"] != "stop"]
    title = f"{counted(len(paying), 'actions')} worth trying now" if len(paying) else NOTHING_PAYS.rstrip(".")
    findings = [call_advice(catalog, day).finding] if _has_customers(catalog) else []
    running = listed[listed["state"] == "runs"]
    for row in results[results["verdict"] != "running"].head(3).itertuples(index=False):
        findings.append(Finding(f"{str(row.action)[:1].upper()}{str(row.action)[1:]}, {row.verdict}:", f" {row.why}"))
    if len(running):
        findings.append(
            Finding(f"{counted(len(running), 'trials')} running:", f" {joined(running['trial'].tolist())}.")
        )
    return opening(
        title=title,
        findings=findings
        if len(results)
        else [*findings, Finding("No action has been tried here with people held out.", "")],
        data_through=catalog.data_through,
        needs=_NEEDS if proposals.empty and results.empty and not _has_customers(catalog) else "",
    )


@section("nobody to turn to")
def people_to_do(catalog: Catalog, period: PeriodLike, *, limit: int = _SHOWN) -> Fragment | None:
    """Return the people to turn to next, those first from whom most is expected.

    Parameters
    ----------
    limit : int
        Most people to show; the export has all.
    """
    people = people_to_contact(catalog, last_day(catalog.data_through, period))
    if people.empty:
        return None
    shown = people.head(limit).drop(columns=["say", "action"])
    shown = shown.assign(customer_id=shown_ids(shown["customer_id"], catalog.settings))
    return table(
        shown.dropna(axis=1, how="all"),
        f"Begin with these {len(shown)}" if len(shown) > 1 else "One person to turn to",
        subtitle="Nobody in a running trial, just contacted, or without consent; expected after cost, with 95 % interval.",
        caption=f"{counted(len(people), 'people')} in all; what to say to each is in the list.",
        units={name: unit for name, unit in _MONEY.items() if name in shown},
        labels={name: label for name, label in _LABELS.items() if name in shown},
        settings=catalog.settings,
        max_rows=limit,
        id="people",
    )


@section("nobody to turn to")
def people_export(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return everybody to turn to as files for the run to write."""
    people = people_to_contact(catalog, last_day(catalog.data_through, period))
    return None if people.empty else export(people, "to_do", "Everybody to turn to")


@section("nothing to propose")
def proposal_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what to send to whom, with the size of trial that earns most; its lines are the front page's things to do."""
    day, currency = last_day(catalog.data_through, period), catalog.settings.company.currency
    proposals = propose(catalog, day)
    paying = proposals[proposals["advice"] != "stop"]
    if paying.empty:
        return None
    columns = ["title", "channel", "n_treated", "n_held", "cost", "gain", "gain_low", "gain_high", "gain_of_year"]
    costs = [in_words(cost, "money", currency=currency) for cost in paying["cost"]]  # cents beside whole amounts
    shown = table(
        paying[columns].assign(cost=costs),
        f"What to send to whom: {counted(len(paying), 'actions')}",
        subtitle="Cost included; over a year it goes on only where it pays.",
        max_rows=_MOST_PROPOSALS,
        caption=f"Draw one with `crmkit actions draw {paying['action'].iloc[0]}`, which writes the list.",
        units={name: unit for name, unit in _MONEY.items() if name in columns and name != "cost"}
        | {"n_treated": "count", "n_held": "count"},
        labels={name: label for name, label in _LABELS.items() if name in columns} | {"title": "What"},
        settings=catalog.settings,
        id="proposals",
    )
    lines = [
        FrontLine(
            "to do",
            sentence.partition(":")[0],
            f":{sentence.partition(':')[2]}.",
            topic=CALL_BACK if row["action"] == _CALL_BACK else ACTIONS,
            anchor="proposals",
            stake=float(row["gain_of_year"]),
        )
        for row in paying.to_dict("records")
        for sentence in [proposal_sentence({str(key): value for key, value in row.items()}, currency)]
    ]
    return with_front_lines(shown, lines)


@section("nothing to stop")
def stop_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what to stop, or not to begin: actions that were measured and do not pay, or are not expected to."""
    day = last_day(catalog.data_through, period)
    proposals, results = propose(catalog, day), action_results(catalog, day)
    rows = [(str(row.action), str(row.why)) for row in results[results["verdict"] == "stop"].itertuples(index=False)]
    idle = proposals[(proposals["advice"] == "stop") & (proposals["verdict"] != "stop")]
    currency = catalog.settings.company.currency
    for row in idle.to_dict("records"):
        each = row["gain"] / max(row["n_treated"], 1) + row["cost"]
        rows.append(
            (
                str(row["title"]),
                f"Expected to bring {in_words(each, 'money', currency=currency)} a person, and costs "
                f"{in_words(row['cost'], 'money', currency=currency)}. {row['earlier']}",
            )
        )
    if not rows:
        return None
    return table(
        pd.DataFrame(rows, columns=["action", "why"]),
        f"What not to do: {counted(len(rows), 'actions')}",
        caption="Of the average person an action is for: of somebody worth much more it may pay, and is then in the list above.",
        labels={"action": "Action"},
        settings=catalog.settings,
        id="stop",
    )


@section("no trials")
def trial_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what each trial has shown, by outcome, with interval, balance and what the adjustment narrowed."""
    rows = measure(catalog, last_day(catalog.data_through, period))
    if rows.empty:
        return None
    shown = rows.assign(
        outcome=[OUTCOMES[str(name)].label for name in rows["outcome"]],
        effect=[_effect(row, catalog.settings.company.currency) for row in rows.itertuples(index=False)],
        narrowed=rows["narrowed"].astype(float),
    )
    n_trials = rows["trial"].nunique()
    return table(
        shown[["trial", "status", "outcome", "n_treated", "n_held", "effect", "balance", "narrowed"]],
        f"What {counted(n_trials, 'trials')} showed" if n_trials > 1 else "What the trial showed",
        subtitle="Everybody drawn counts on the side that was drawn: the mean of the treated less that of those held out, "
        "adjusted by what was known before the draw, with 95 % interval.",
        caption="Balance: how rarely chance alone makes the two sides as different before the draw; below 0.001 look at how it "
        "was made. Narrowed: by how much the adjustment made the interval shorter.",
        units={"n_treated": "count", "n_held": "count", "narrowed": "share"},
        labels={"n_treated": "Treated", "n_held": "Held out", "effect": "Effect on each"},
        settings=catalog.settings,
        max_rows=24,
        id="trials",
    )


@section("no trials")
def action_result_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the verdict on each action over all its rounds: roll out, go on, or stop."""
    results = action_results(catalog, last_day(catalog.data_through, period))
    if results.empty:
        return None
    return table(
        results[["action", "verdict", "rounds", "n_treated", "n_held", "why"]],
        f"What {counted(len(results), 'actions')} brought" if len(results) > 1 else "What the action brought",
        subtitle="All rounds together, cost included. A verdict is made for being looked at every month.",
        units={"rounds": "count", "n_treated": "count", "n_held": "count"},
        labels={"n_treated": "Treated", "n_held": "Held out"},
        settings=catalog.settings,
        id="results",
    )


@section("no action with a thousand people treated")
def responder_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return in a sentence for each action whether it can be told who responds, and by how much choosing beats the lot."""
    rows = who_responds(catalog, last_day(catalog.data_through, period))
    if rows.empty:
        return None
    rows = rows.assign(outcome=[OUTCOMES[str(name)].label for name in rows["outcome"]])
    return table(
        rows[["action", "outcome", "n_treated", "n_held", "why"]],
        say("actions-who-responds"),
        subtitle=say("actions-who-responds-how"),
        units={"n_treated": "count", "n_held": "count"},
        labels={"n_treated": say("actions-column-treated"), "n_held": say("actions-column-held")},
        settings=catalog.settings,
        id="responders",
    )


@section("no action with a thousand people treated")
def response_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return what each action did in each segment and other group of those drawn."""
    rows = response_by_group(catalog, last_day(catalog.data_through, period))
    if rows.empty:
        return None
    shown = rows.assign(
        effect=[_effect(row, catalog.settings.company.currency) for row in rows.itertuples(index=False)],
        differs=[say("actions-differs", differs=str(bool(each)).lower()) for each in rows["differs"]],
    )
    return table(
        shown[["action", "column", "group", "n_treated", "n_held", "effect", "differs"]],
        say("actions-by-group", n=int(rows["differs"].sum())),
        subtitle=say("actions-by-group-how"),
        units={"n_treated": "count", "n_held": "count"},
        labels={
            "n_treated": say("actions-column-treated"),
            "n_held": say("actions-column-held"),
            "effect": say("actions-column-effect"),
            "differs": say("actions-column-differs"),
        },
        settings=catalog.settings,
        max_rows=24,
        id="response",
    )


def action_method() -> list[str]:
    """Return how actions are proposed, drawn and measured, in sentences."""
    return [
        "An action is proposed for the people that its rule names. What it is expected to bring is an assumption of the rule "
        "until it was tried here; each measured round replaces more of it.",
        "The size of a trial is the one that earns most for the number of people that there are (Test & Roll, Feit and Berman "
        "2019), not the one that a test of significance asks for.",
        "The draw is by lot within blocks of people alike in worth and risk. Effects are by intention to treat, adjusted by "
        "what was known before (Lin 2013), and rounds are pooled by how far they differ.",
        "A verdict needs 2.42 standard errors after cost, so that looking every month calls an action without effect a success "
        "in less than one case of twenty.",
    ]


def _effect(row: object, currency: str) -> str:
    unit, value, low, high = (getattr(row, name) for name in ("unit", "value", "low", "high"))
    if pd.isna(low):
        return in_words(value, unit, currency=currency)
    ends = [in_words(each, unit, low=low, high=high, currency=currency) for each in (value, low, high)]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def _has_customers(catalog: Catalog) -> bool:
    orders = "orders" in catalog.names and "customer_id" in catalog.table("orders").columns
    return orders or "subscription_terms" in catalog.names
