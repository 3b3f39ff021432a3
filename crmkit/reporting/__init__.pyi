"""Pages, and what renders, publishes and archives them."""

from . import pages as pages

from .runner.page import Link as Link
from .runner.page import Navigation as Navigation
from .runner.page import PageSummary as PageSummary
from .runner.page import read_summary as read_summary
from .runner.index import relink as relink
from .runner.index import write_archive as write_archive
from .runner.index import write_index as write_index
from .runner.render import render_page as render_page
from .runner.render import stub_page as stub_page
