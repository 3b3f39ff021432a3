"""A function has the same fingerprint only as long as it does the same."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from crmkit.tables.caching.fingerprint import NoFingerprint, fingerprint

PLAIN = "def large(orders):\n    return orders > 100\n"


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Write a file and load it, as an analyst's own cards are; each in a folder of its own."""
    number = iter(range(100))

    def load(text, **beside):
        folder = tmp_path / str(next(number))
        for name, content in ({"own": text} | beside).items():
            file = folder / f"{name.replace('__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        monkeypatch.syspath_prepend(str(folder))
        for name in beside:
            monkeypatch.delitem(sys.modules, name.split("__")[0], raising=False)
        spec = spec_from_file_location("own", folder / "own.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_two_functions_of_the_same_text_have_one_fingerprint_and_one_of_another_text_has_another(loaded):
    first, second, other = loaded(PLAIN), loaded(PLAIN), loaded(PLAIN.replace("100", "30"))
    assert fingerprint(first.large) == fingerprint(second.large) != fingerprint(other.large)


def test_a_value_that_it_reads_from_its_module_is_part_of_its_fingerprint(loaded):
    module = loaded("CUT = 100\ndef large(orders):\n    return [n for n in orders if n > CUT]\n")
    before = fingerprint(module.large)
    module.CUT = 300
    assert fingerprint(module.large) != before


def test_so_are_its_defaults_and_what_it_closes_over(loaded):
    made = loaded(
        "def make(cut):\n    def large(orders, *, limit=cut, least=1):\n        return orders > limit\n    return large\n"
    )
    assert fingerprint(made.make(100)) == fingerprint(made.make(100)) != fingerprint(made.make(300))
    closing = loaded("def make(cut):\n    def large(orders):\n        return orders > cut\n    return large\n")
    assert fingerprint(closing.make(100)) == fingerprint(closing.make(100)) != fingerprint(closing.make(300))


def test_a_function_that_it_calls_is_part_of_its_fingerprint_also_if_they_call_each_other(loaded):
    text = (
        "def large(n):\n    return small(n - 1) if n else {0}\ndef small(n):\n    return large(n - 1) if n else {0}\n"
    )
    assert fingerprint(loaded(text).large) == fingerprint(loaded(text).large)
    module = loaded(text)
    before = fingerprint(module.large)
    module.small = loaded(PLAIN).large
    assert fingerprint(module.large) != before


def test_what_a_function_reads_that_it_calls_is_part_of_its_fingerprint(loaded):
    module = loaded("CUT = 100\ndef cut():\n    return CUT\ndef large(orders):\n    return orders > cut()\n")
    before = fingerprint(module.large)
    module.CUT = 300
    assert fingerprint(module.large) != before


def test_what_runs_counts_and_not_what_its_file_holds_by_now(loaded):
    module, text = loaded(PLAIN), PLAIN.replace("100", "30")
    with open(module.__spec__.origin, "w") as file:
        file.write(text)
    assert fingerprint(module.large) != fingerprint(loaded(text).large)


def test_installed_packages_have_fingerprints_and_a_folder_that_is_not_watched_has_none(loaded):
    text = "import time\nimport numpy as np\nfrom pandas import concat\nimport crmkit as ck\ndef f(a):\n    return time.sleep, np.sum(a), concat, ck.Share\n"
    assert fingerprint(loaded(text).f) == fingerprint(loaded(text).f)
    beside = loaded("import cuts_beside\ndef f(a):\n    return a > cuts_beside.CUT\n", cuts_beside="CUT = 1\n")
    assert fingerprint(beside.f)
    within = loaded(
        "from helpers_within import cuts\ndef f(a):\n    return a > cuts.CUT\n", helpers_within__cuts="CUT = 1\n"
    )
    with pytest.raises(NoFingerprint):
        fingerprint(within.f)


def test_a_variable_that_has_no_value_yet_leaves_it_without_fingerprint(loaded):
    module = loaded("def make():\n    def f(a):\n        return a > cut\n    yield f\n    cut = 1\n")
    with pytest.raises(NoFingerprint):
        fingerprint(next(module.make()))
