"""A metric is one card: a function that names its tables and returns a measure, with its definition, formula and unit.

Scorecard, glossary, targets, plots and number formats all read this one record.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from crmkit.errors import CrmkitError, Problems, UnknownName, did_you_mean
from crmkit.settings import Settings
from crmkit.settings.permissions import CODE, require
from crmkit.tables.caching.fingerprint import code_beside

Unit = Literal["points", "share", "money", "count", "days", "months", "per customer", "per week", "times", "touches"]
Better = Literal["higher", "lower", "neither"]
CardFunction = TypeVar("CardFunction", bound=Callable[..., Any])

#: Units whose changes matter by their size; in the other units a change matters relative to the value before.
ABSOLUTE_UNITS: frozenset[str] = frozenset({"points", "share"})
_DEFAULT_CHANGE = {"points": 5.0, "share": 0.02}
_DEFAULT_RELATIVE_CHANGE = 0.1

CARDS: dict[str, Card] = {}


@dataclass(frozen=True)
class Card:
    """One metric.

    Attributes
    ----------
    name, label, topic : str
        Identifier, name for readers, and the question it belongs to (the module it is written in).
    definition, formula, source : str
        First and second paragraph of the docstring, and the best reference for the definition.
    unit : str
        ``share`` is 0 to 1 inside and percent on paper; ``money`` is in the currency of the settings.
    better : {"higher", "lower", "neither"}
    counted : str
        What n counts, in the plural: "answers".
    smallest_change : float
        Smallest change that matters: absolute for points and shares, else relative to the value before.
    part_of : str
        Name of the metric that this is a part of, if any: a change of the part matters by its size relative to the whole
        before, as a part may be small, or none at all.
    additive : bool
        Whether the values of two halves of a period add up to that of the whole; such values compare per day.
    headline : bool
        Whether it stands on the scorecard's page; else only on the page of its question, unless it has a target.
    news : bool
        Whether a real change of it may be a headline of its page.
    tables : tuple of str
        Tables that the function reads.
    conventions : mapping of str to str
        Where the definition is disputed: the formula of each convention by its name, the default first; else empty.
    convention : str
        Name of the one in force; empty where nothing is disputed.
    per_day : bool
        Whether a longer period has a larger value although halves do not add up; verdicts compare such values per day.
    each_table : bool
        Whether each of its optional tables that has rows must cover the days, as for a sum over all of them; else one
        of them stands for another.
    part_by_days : str
        Name of the metric that is the part of a sum which grows with the days of a month; the rest grows with the months.
    restates : str
        Name of the metric whose change this one tells once more, so that findings have only one of the two.
    by_season : bool
        Whether its units come up by season, as renewals do: periods with several times as many are not compared.
    """

    name: str
    label: str
    topic: str
    definition: str
    formula: str
    source: str
    unit: Unit
    better: Better
    counted: str
    smallest_change: float
    additive: bool
    headline: bool
    news: bool
    tables: tuple[str, ...]
    function: Callable[..., Any]
    conventions: Mapping[str, str] = field(default_factory=dict)
    convention: str = ""
    per_day: bool = False
    each_table: bool = False
    part_by_days: str = ""
    restates: str = ""
    part_of: str = ""
    by_season: bool = False


def metric(
    *,
    label: str,
    unit: Unit,
    better: Better,
    source: str,
    counted: str,
    smallest_change: float | None = None,
    topic: str | None = None,
    additive: bool | None = None,
    headline: bool = True,
    news: bool = True,
    conventions: Mapping[str, str] | None = None,
    per_day: bool = False,
    each_table: bool = False,
    part_by_days: str = "",
    restates: str = "",
    part_of: str = "",
    by_season: bool = False,
) -> Callable[[CardFunction], CardFunction]:
    """Register a function as the metric of its name.

    Parameters
    ----------
    label : str
        Name for readers.
    unit : {"points", "share", "money", "count", "days", "months", "per customer", "per week", "times", "touches"}
    better : {"higher", "lower", "neither"}
        Direction that is good for the firm.
    source : str
        The most official reference for the definition.
    counted : str
        What n counts, in the plural: "answers".
    smallest_change : float, optional
        Smallest change that matters: absolute for points and shares, else relative to the value before.
    topic : str, optional
        Question the metric belongs to; by default the name of the module.
    additive : bool, optional
        Whether the values of two halves of a period add up to that of the whole: by default if the unit is ``count``.
    headline : bool
        Whether it stands on the scorecard's page. A detail of its question is only on the page of that question, and on
        the scorecard where it has a target.
    news : bool
        Whether a real change of it may be a headline of its page. False for a number that grows with another one on the
        page, or that the page says cannot be relied upon.
    conventions : mapping of str to str, optional
        Where the definition is disputed: name and formula of each convention, the default first. The function then
        has a switch ``convention``, a keyword whose default is the first name.
    per_day : bool
        Whether the value grows with the length of the period although halves do not add up, as a churn rate does;
        verdicts then compare it per day, as they do additive values.
    each_table : bool
        Whether each of its optional tables that has rows must cover the days, as for a sum over all of them.
    part_by_days : str
        Of a sum of two kinds of money, the metric of the part that grows with the days of a month, so that verdicts
        compare it per day; the rest, which is paid by the month, is the same in February as in March.
    restates : str
        The metric whose change this one tells once more, such as the share kept beside the share lost: where both moved
        the same way, for the firm, findings and headlines have only that one.
    part_of : str
        Name of the metric that this is a part of: ``smallest_change`` is then relative to that one's value before.
    by_season : bool
        Whether its units come up by season, as renewals do: a period is then not compared with one before that has several
        times as many units, or as few, but with the year before alone.

    Raises
    ------
    Problems
        If the docstring lacks the definition or the formula, the function lacks the switch of its conventions, or the
        unit or direction does not exist.

    Examples
    --------
    >>> @metric(label="Median order value", unit="money", better="higher", source="House definition", counted="orders")
    ... def median_order_value(orders):
    ...     '''Revenue of the order in the middle, when orders are sorted by revenue.
    ...
    ...     median order value = median(revenue of orders)
    ...     '''
    ...     return Median(orders, at=orders.ordered_at, where=orders.revenue > 0, value=orders.revenue)
    >>> CARDS.pop("median_order_value").definition
    'Revenue of the order in the middle, when orders are sorted by revenue.'
    """

    def register(function: CardFunction) -> CardFunction:
        definition, formula = _paragraphs(function)
        _check_choices(function.__name__, unit=(unit, Unit), better=(better, Better))
        _check_switch(function, conventions or {})
        change = _DEFAULT_CHANGE.get(unit, _DEFAULT_RELATIVE_CHANGE) if smallest_change is None else smallest_change
        CARDS[function.__name__] = Card(
            name=function.__name__,
            label=label,
            topic=topic or function.__module__.rpartition(".")[2].strip("_"),
            definition=definition,
            formula=formula,
            source=source,
            unit=unit,
            better=better,
            counted=counted,
            smallest_change=change,
            additive=unit == "count" if additive is None else additive,
            headline=headline,
            news=news,
            tables=tuple(_table_parameters(function)),
            function=function,
            conventions=dict(conventions or {}),
            convention=next(iter(conventions or {}), ""),
            per_day=per_day,
            each_table=each_table,
            part_by_days=part_by_days,
            restates=restates,
            part_of=part_of,
            by_season=by_season,
        )
        return function

    return register


def cards(names: str | Sequence[str] | None = None) -> list[Card]:
    """Return the cards of metrics, in the order given; all registered cards without names.

    Parameters
    ----------
    names : str or list of str, optional
        Names of metrics; all by default.

    Returns
    -------
    list of Card

    Raises
    ------
    UnknownName, Problems
        If a name is not registered, with the nearest one that is.

    Examples
    --------
    >>> cards("nps")[0].label
    'Net Promoter Score'
    """
    if names is None:
        return list(CARDS.values())
    wanted = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in wanted if name not in CARDS]
    if len(unknown) == 1:
        raise UnknownName("metric", unknown[0], CARDS)
    if unknown:
        raise Problems("metrics", [f"There is no metric '{name}'. {did_you_mean(name, CARDS)}" for name in unknown])
    return [CARDS[name] for name in wanted]


def apply_definitions(chosen: Sequence[Card], definitions: Mapping[str, str]) -> list[Card]:
    """Return the cards under the conventions that ``definitions`` names, by metric, with the formula of each.

    Raises
    ------
    Problems
        Naming each metric or convention that does not exist.

    Examples
    --------
    >>> import crmkit as ck
    >>> (card,) = apply_definitions(ck.cards("churn_rate"), {"churn_rate": "daily_rates"})
    >>> card.formula
    'churn rate = sum over the days of customers lost / customers at the start of the day'
    """
    problems = [problem for item in definitions.items() if (problem := _definition_problem(*item))]
    if problems:
        raise Problems("definitions", problems)
    return [with_convention(card, definitions.get(card.name, card.convention)) for card in chosen]


def with_convention(card: Card, convention: str) -> Card:
    """Return the card under another of its conventions."""
    if convention == card.convention:
        return card
    name = card.formula.partition(" = ")[0]
    return replace(card, convention=convention, formula=f"{name} = {card.conventions[convention]}")


def load_own_cards(settings: Settings) -> None:
    """Load the files that ``metric_modules`` names, each once; a card registers itself.

    Raises
    ------
    Problems
        If a file does not exist or fails to load, with the cause of each.
    """
    if settings.metric_modules:
        require(settings.folder, CODE, f"metric_modules = [...] runs code: {', '.join(settings.metric_modules)}")
    problems = []
    for name in settings.metric_modules:
        path = (settings.folder / name).resolve()
        try:
            _load(path)
        except FileNotFoundError:
            problems.append(f"metric_modules: there is no file {name} beside crmkit.toml.")
        except CrmkitError as error:
            problems.append(f"metric_modules: {name}: {error}")
        except (Exception, SystemExit) as error:  # any error in the analyst's file is reported with the others
            problems.append(f"metric_modules: {name} fails with {type(error).__name__}: {error}")
    if problems:
        raise Problems("crmkit.toml", problems)


def _paragraphs(function: Callable[..., Any]) -> tuple[str, str]:
    """Return the first two paragraphs of the docstring: definition and formula."""
    paragraphs = [" ".join(part.split()) for part in (inspect.getdoc(function) or "").split("\n\n")]
    if len(paragraphs) < 2 or "=" not in paragraphs[1]:
        raise Problems(
            f"metric {function.__name__}",
            ["its docstring needs two paragraphs: the definition, then the formula as name = expression."],
        )
    return paragraphs[0], paragraphs[1]


def _check_switch(function: Callable[..., Any], conventions: Mapping[str, str]) -> None:
    """Raise Problems unless the switch ``convention`` has the first of the conventions as its default."""
    switch = inspect.signature(function).parameters.get("convention")
    default = "" if switch is None else switch.default
    if default != next(iter(conventions), ""):
        raise Problems(
            f"metric {function.__name__}",
            [f"its conventions begin with {next(iter(conventions), '')!r}, but its switch is convention={default!r}."],
        )


def _table_parameters(function: Callable[..., Any]) -> list[str]:
    """Return the names of the tables that the function reads."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]


def _check_choices(metric: str, **chosen: tuple[str, Any]) -> None:
    problems = [
        f"{name} '{choice}' is none of them: {', '.join(get_args(choices))}."
        for name, (choice, choices) in chosen.items()
        if choice not in get_args(choices)
    ]
    if problems:
        raise Problems(f"Metric '{metric}'", problems)


def _definition_problem(metric: str, convention: str) -> str:
    if metric not in CARDS:
        return f"'{metric}' is not a metric. {did_you_mean(metric, CARDS)}"
    known = CARDS[metric].conventions
    if not known:
        return f"{metric} has one definition only; take the line away."
    return "" if convention in known else f"{metric}: '{convention}' is not one of {', '.join(known)}."


def _load(path: Path) -> None:
    name = f"crmkit_own.{path}"
    if name in sys.modules:
        return
    if not path.is_file():
        raise FileNotFoundError(path)
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise CrmkitError("it is not a Python file.")
    module = module_from_spec(spec)
    code_beside(path.parent)  # before loading, so that later changes of the folder are noticed
    spec.loader.exec_module(module)
    sys.modules[name] = module  # last, so that a file that failed is loaded again once corrected
