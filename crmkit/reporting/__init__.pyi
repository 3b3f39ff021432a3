"""Pages, and what renders, publishes and archives them."""

from . import pages as pages

from .runner.publish import Link as Link
from .runner.publish import Navigation as Navigation
from .runner.publish import PageSummary as PageSummary
from .runner.publish import read_summary as read_summary
from .runner.publish import relink as relink
from .runner.publish import write_archive as write_archive
from .runner.publish import write_index as write_index
from .runner.render import render_page as render_page
from .runner.render import stub_page as stub_page
