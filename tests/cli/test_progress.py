"""What is printed while pages are made: what became of each, how many are left, and how long they will take."""

import pytest

from crmkit.cli.progress import PageCount, StepCount, in_words, page_progress


class Clock:
    """A clock that is set by hand [s]."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def count(clock):
    """Six pages, none of them begun."""
    pages = PageCount(clock)
    assert {pages.update(f"page{number}", "waiting") for number in range(6)} == {""}
    return pages


def test_time_left_is_what_the_others_take_at_the_pace_so_far(count, clock):
    count.update("page0", "started")
    count.update("page1", "started")
    clock.seconds += 30
    assert count.update("page0", "done") == "page0: done in 30 s; 1 of 6 pages, about 2 min left"
    assert count.update("page1", "failed") == "page1: failed in 30 s; 2 of 6 pages, about 1 min left"
    assert count.now == "Preparing (2 of 6 pages, about 1 min left)"
    count.update("page2", "started")
    assert count.now == "Running page2 (2 of 6 pages, about 1 min left)"


def test_pages_that_are_unchanged_count_as_done_and_not_for_the_pace(count, clock):
    assert count.update("page0", "unchanged") == "page0: unchanged; 1 of 6 pages"
    count.update("page1", "started")
    clock.seconds += 20
    assert count.update("page1", "done") == "page1: done in 20 s; 2 of 6 pages, about 1 min left"


def test_the_last_page_has_nothing_left(count, clock):
    for number in range(6):
        count.update(f"page{number}", "started")
        clock.seconds += 5
        line = count.update(f"page{number}", "done")
    assert line == "page5: done in 5 s"
    assert count.now == "Writing the index"


def test_a_page_that_was_lost_with_its_month_is_reported_again(count, clock):
    count.update("page0", "started")
    count.update("page0", "done")
    assert count.update("page0", "failed").startswith("page0: failed in 0 s; 1 of 6 pages")


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "10 s"), (44, "40 s"), (59, "60 s"), (61, "1 min"), (5399, "90 min"), (9000, "2 h")]
)
def test_a_span_of_time_is_rounded_as_people_say_it(seconds, words):
    assert in_words(seconds) == words


def test_where_there_is_no_terminal_each_page_is_a_plain_line_on_standard_error(capsys):
    with page_progress() as tell:
        for state in ("waiting", "started", "done"):
            tell("[bold]scorecard[/bold]", state)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["Running the notebooks ...", "[bold]scorecard[/bold]: done in 0 s"]


def test_in_a_terminal_a_line_is_renewed_with_the_time_left(capsys, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with page_progress() as tell:
        for page in ("one", "two"):
            tell(page, "waiting")
        tell("one", "started")
        tell("one", "done")
    err = capsys.readouterr().err
    assert "one: done in 0 s; 1 of 2 pages, about 10 s left" in err
    assert "\x1b[" in err, "a moving line"


def test_a_load_of_40_seconds_tells_what_it_does_and_how_long_it_will_take(clock):
    steps = StepCount(clock)
    assert steps.update("Reading orders", 0, 8) == ""
    clock.seconds += 15
    assert steps.update("Checking orders (9,000,000 rows)", 3, 8) == "Checking orders (9,000,000 rows), about 20 s left"
    clock.seconds += 10
    assert str(steps) == "Checking orders (9,000,000 rows), about 20 s left"  # 15 s, rounded to tens
    clock.seconds += 30
    assert str(steps) == "Checking orders (9,000,000 rows), about 10 s left"


def test_a_load_of_a_second_tells_no_time(clock):
    steps = StepCount(clock)
    clock.seconds += 1
    assert steps.update("Checking orders (28 rows)", 3, 8) == ""
    assert str(steps) == "Checking orders (28 rows)"


def test_a_load_prints_its_rows_and_the_time_left(crmkit, tmp_path, monkeypatch):
    monkeypatch.setattr("crmkit.cli.progress._SOON", 0.0)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "orders.csv").write_text("order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-02,6\n")
    (tmp_path / "crmkit.toml").write_text("")
    loaded = crmkit("load", "--settings", tmp_path)
    assert "Checking orders (2 rows), about 10 s left\nWriting orders (2 rows), about 10 s left\n" in loaded.stderr
