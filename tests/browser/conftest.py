"""A real browser for the pages; where there is none these tests are skipped and say so."""

from __future__ import annotations

import pytest

from tests.reporting.factories import glossary_frame, groups_frame, history_frame, scorecard_frame
from tests.reporting.rendered_pages import HOSTILE, rendered, scorecard_cells


@pytest.fixture
def visit(browser):
    """Open a file at a width and in a colour scheme; the page notes every request and every script error."""
    opened = []

    def open_page(path, *, width=1280, scheme="light", scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        page = context.new_page()
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(path.as_uri())
        opened.append(context)
        return page

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="session")
def scorecard(folder):
    return rendered(folder, *scorecard_cells())


@pytest.fixture(scope="session")
def hostile(folder):
    """The same page with every text that comes from data or settings replaced by one that tries to break out."""
    cells = scorecard_cells(
        scorecard_frame().assign(label=HOSTILE, reason=HOSTILE, counted=HOSTILE, topic=HOSTILE),
        history_frame(),
        groups_frame().assign(channel=HOSTILE),
        glossary_frame().assign(definition=HOSTILE, label=HOSTILE),
        notes=[HOSTILE],
    )
    return rendered(folder, *cells, name="hostile", company=HOSTILE, title=HOSTILE)
