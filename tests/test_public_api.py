"""What ``ck``, ``ck.pages``, ``ck.plots`` and ``ck.models`` offer: one way to give a catalog, a period and a day."""

import doctest
import inspect
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError

PACKAGES = {"ck": ck, "ck.pages": ck.pages, "ck.plots": ck.plots, "ck.models": ck.models}
PUBLIC = {f"{short}.{name}": getattr(package, name) for short, package in PACKAGES.items() for name in package.__all__}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
PERIODS, DAYS = {"period", "periods", "summary"}, {"as_of", "before", "now"}
CARD = pd.DataFrame({"metric": ["revenue"], "value": [1.0]})
OF_A_PERIOD = sorted(name for name, f in FUNCTIONS.items() if PERIODS & inspect.signature(f).parameters.keys())
OF_A_DAY = sorted(name for name, f in FUNCTIONS.items() if "as_of" in inspect.signature(f).parameters)
NOT_A_PERIOD = [42, "2026-13", ["2026-10", "2026-Q4"], pd.DataFrame({"period": ["2026-10"]}), None]
NOT_A_DAY = [42, "2026-13-01", "last month", pd.DataFrame({"as_of": ["2026-10-31"]})]
WHAT = {"metric": "revenue", "metrics": "revenue", "by": "channel", "title": "Revenue by channel", "days": 31}
SUMMARY_MAKERS = {"ck.pages.churn_method", "ck.pages.value_method"}  # sentences of a summary that is there already


@pytest.fixture(scope="module")
def catalog():
    orders = pd.DataFrame(
        [(f"{c}-{m}", f"2026-{m:02}-{1 + c % 28:02}", 20.0 + c, f"c{c}") for c in range(12) for m in range(1, 11)],
        columns=["order_id", "ordered_at", "revenue", "customer_id"],
    )
    customers = pd.DataFrame({"customer_id": [f"c{c}" for c in range(12)], "channel": ["search", "email"] * 6})
    return ck.connect({"orders": orders, "customers": customers.assign(acquired_at="2026-01-01")})


def call(name, catalog, **given):
    """Call a function with what it needs, and with what is given under whichever name it has."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    needed = {p.name for p in parameters.values() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL}
    values = {each: WHAT[each] for each in needed & WHAT.keys()}
    if "catalog" in parameters:
        values["catalog"] = catalog
    if "loyal" in needed:
        values["loyal"] = ck.loyalty(catalog, "2026-10-31")
    if "orders" in needed:
        values["orders"] = catalog.frame("orders")
    values |= {each: given[key] for key in given for each in ({key} if key == "as_of" else PERIODS & parameters.keys())}
    return FUNCTIONS[name](**values)


def refused(name, catalog, **given):
    with pytest.raises(CrmkitError) as error:
        call(name, catalog, **given)
    check_wording(error.value)


def result_or_one_sentence(name, catalog, **given):
    try:
        assert call(name, catalog, **given) is not None
    except CrmkitError as error:  # such as: these data have no such column
        check_wording(error)


def check_wording(error):
    text = str(error)
    assert text and "\n" not in text and len(text) < 400 and not re.search(r"Traceback|<class|object at", text), text


@pytest.mark.parametrize("name", [name for name in OF_A_PERIOD if name not in SUMMARY_MAKERS])
def test_a_period_is_text_or_a_period_or_two_days(name, catalog):
    whole = ("2026-10-01", date(2026, 10, 31))
    for period in ("2026-10", ck.Period.parse("2026-10"), whole):
        result_or_one_sentence(name, catalog, period=period)


@pytest.mark.parametrize("name", [name for name in OF_A_PERIOD if name not in SUMMARY_MAKERS])
def test_what_is_no_period_is_refused_in_one_sentence(name, catalog):
    for wrong in NOT_A_PERIOD:
        refused(name, catalog, period=wrong)


@pytest.mark.parametrize("name", [name for name in OF_A_DAY if name != "ck.predict"])
def test_a_day_is_text_or_a_date_or_the_end_of_a_period(name, catalog):
    for day in ("2026-10-31", date(2026, 10, 31), ck.Period.parse("2026-10")):
        result_or_one_sentence(name, catalog, as_of=day)


@pytest.mark.parametrize("name", OF_A_DAY)
def test_what_is_no_day_is_refused_in_one_sentence(name, catalog):
    for wrong in NOT_A_DAY:
        refused(name, catalog, as_of=wrong)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, f in FUNCTIONS.items()
        if "catalog" in inspect.signature(f).parameters
        and name != "ck.covered_period"  # of what is known without tables
    ],
)
def test_the_catalog_comes_first_and_nothing_else_is_taken_for_one(name):
    parameters = list(inspect.signature(FUNCTIONS[name]).parameters.values())
    assert parameters[0].name == "catalog"
    needed = {p.name: WHAT.get(p.name) for p in parameters if p.default is p.empty} | {"catalog": {"orders": None}}
    if parameters[0].default is parameters[0].empty:
        needed |= {each: "2026-10" for each in PERIODS & needed.keys()} | dict.fromkeys(
            DAYS & needed.keys(), "2026-10-31"
        )
        needed |= {each: CARD for each in {"scorecard"} & needed.keys()}
        with pytest.raises(CrmkitError, match="needs a catalog, not a dict"):
            FUNCTIONS[name](**needed)


def test_a_parameter_that_a_function_lacks_is_named_with_the_nearest(catalog):
    with pytest.raises(CrmkitError, match="scorecard takes no 'perod'. Did you mean 'period'"):
        ck.scorecard(catalog, perod="2026-10")
    with pytest.raises(CrmkitError, match="scorecard.*missing a required argument: 'period'"):
        ck.scorecard(catalog)
    with pytest.raises(CrmkitError, match="evaluate needs the periods"):
        ck.evaluate(catalog, "revenue")


def test_numbers_are_the_same_however_the_period_is_written(catalog):
    asked = [
        ck.evaluate(catalog, "revenue", "2026-10"),
        ck.evaluate(catalog, "revenue", period=ck.Period.parse("2026-10")),
    ]
    asked += [ck.evaluate(catalog, "revenue", periods=["2026-10"])]
    for other in asked[1:]:
        pd.testing.assert_frame_equal(asked[0], other)
    of_days = ck.evaluate(catalog, "revenue", ("2026-10-01", "2026-10-31"))
    assert of_days["value"].tolist() == asked[0]["value"].tolist()


def test_predictions_of_a_catalog_of_frames_are_made_as_of_a_day(catalog):
    made = ck.predict(catalog, as_of="2026-10-31", only=["rfm"])
    assert made[["model", "status"]].values.tolist() == [["rfm", "made"]]


MISSPELT = {"metric": "revenu", "metrics": "revenu", "names": "revenu", "by": "chanel", "model": "rmf", "only": ["rmf"]}
MISSPELT |= {"where": "chanel = 'email'", "topics": ["retentoin"], "money": "revenu", "pays": "strat"}
ELSEWHERE = {
    "ck.load_history": "tabel",
    "ck.posting_times": "hour",
    "ck.pages.posting_hours": "hour",
}  # by what is theirs
NOT_A_CHOICE = {  # a name of one's own, or what depends on a frame that is given
    ("ck.prediction", "model"),
    ("ck.models.fit_lifetimes", "model"),
    ("ck.pages.ahead_chart", "metric"),
    ("ck.pages.glossary_section", "metrics"),
    ("ck.pages.value_by", "by"),  # these orders have too short a record for any value
}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, parameter)
        for name, f in FUNCTIONS.items()
        for parameter in MISSPELT
        if parameter in inspect.signature(f).parameters and (name, parameter) not in NOT_A_CHOICE
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(name, parameter, catalog):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    given = {each: "2026-10" for each in PERIODS & parameters.keys()}
    given |= {each: "2026-10-31" for each in {"as_of", "now"} & parameters.keys()}
    given |= {"before": "2026-09-30"} if "before" in parameters else {}
    if "scorecard" in parameters:
        given["scorecard"] = ck.scorecard(catalog, "2026-10")
    if "history" in parameters and parameters["history"].default is inspect.Parameter.empty:
        given["history"] = ck.evaluate(catalog, "revenue", "2026-10")
    if "n_payments" in parameters or "curve" in parameters:
        given |= {"n_payments": 3, "curve": [1.0, 0.5], "margin": 1.0, "rate": 0.01}
    given["catalog"] = catalog
    given["orders"] = catalog.frame("orders")
    needed = {p.name for p in parameters.values() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL}
    needed |= {"catalog", "periods"} & parameters.keys()
    values = {each: value for each, value in (WHAT | given).items() if each in needed or each == parameter}
    misspelt = ELSEWHERE.get(name, MISSPELT[parameter]) if parameter == "by" else MISSPELT[parameter]
    several = parameters[parameter].kind is inspect.Parameter.VAR_POSITIONAL
    with pytest.raises(CrmkitError, match="Did you mean '") as error:
        if several:
            FUNCTIONS[name](*values.values(), *misspelt)
        else:
            FUNCTIONS[name](**values | {parameter: misspelt})
    check_wording(error.value)


@pytest.mark.parametrize("name", sorted(name for name in FUNCTIONS if name.startswith("ck.plots.plot_")))
def test_a_plot_says_which_columns_its_frame_lacks(name, catalog):
    frame = frame_of_the_example(FUNCTIONS[name])
    for column in frame:
        try:
            FUNCTIONS[name](frame.drop(columns=column))
        except CrmkitError as error:  # some columns are drawn where they are there
            check_wording(error)
            assert f"this one lacks {column} (it has " in str(error) or "column to group by" in str(error)
    with pytest.raises(CrmkitError, match="draws a frame with .*: this one lacks .* \\(it has metric\\)"):
        FUNCTIONS[name](pd.DataFrame({"metric": ["revenue"]}))
    with pytest.raises(CrmkitError, match="draws a frame with .*, not a Catalog"):
        FUNCTIONS[name](catalog)


def frame_of_the_example(plot):
    names = {"pd": pd}
    exec(doctest.DocTestParser().get_examples(plot.__doc__)[0].source, names)
    return next(value for value in names.values() if isinstance(value, pd.DataFrame))


@pytest.mark.parametrize(
    ("package", "name", "hint"),
    [
        (ck, "scorcard", r"There is no ck\.scorcard\. Did you mean 'scorecard'\?"),
        (ck, "churn_opening", r"There is no ck\.churn_opening\. It is ck\.pages\.churn_opening\."),
        (ck.pages, "plot_history", r"There is no ck\.pages\.plot_history\. It is ck\.plots\.plot_history\."),
        (ck.models, "evaluate", r"There is no ck\.models\.evaluate\. It is ck\.evaluate\."),
    ],
)
def test_a_name_that_is_not_there_is_hinted_at(package, name, hint):
    with pytest.raises(AttributeError, match=hint):
        getattr(package, name)


def test_importing_crmkit_loads_no_library():
    code = "import sys, crmkit; sys.exit(bool({'pandas', 'numpy', 'ibis', 'typing', 're'} & set(sys.modules)))"
    path = [str(Path(ck.__file__).parents[1]), str(Path(sys.modules["lazy_loader"].__file__).parents[1])]
    run = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {path}\n{code}"], check=False)
    assert run.returncode == 0


@pytest.mark.slow
def test_a_type_checker_sees_the_signatures(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(
        "import crmkit as ck\nreveal_type(ck.evaluate)\nreveal_type(ck.pages.tiles)\nreveal_type(ck.models.ParetoNBD)\n"
        "ck.evaluate(ck.connect('x'), 'revenue', '2026-10')\nck.evaluat\n"
    )
    root = Path(ck.__file__).parents[1]
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            root / "pyproject.toml",
            "--cache-dir",
            tmp_path / "cache",
            file,
        ],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert "def (catalog: crmkit.tables.catalog.Catalog, metrics:" in run.stdout, run.stdout
    assert re.findall(r"own.py:(\d+): error: (.*?) +\[", run.stdout) == [
        ("6", 'Module has no attribute "evaluat"; maybe "evaluate"?')
    ]
