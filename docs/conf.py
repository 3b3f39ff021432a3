"""How the documentation is built: ``make docs``. Everything is local; a page loads nothing from another host."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from generate import write_reference

import crmkit

project = "crmkit"
author = "the crmkit developers"
version = release = crmkit.__version__
html_title = f"crmkit {version}"

extensions = ["sphinx.ext.autodoc", "numpydoc", "myst_nb", "sphinx_design"]
source_suffix = {".md": "myst-nb", ".rst": "restructuredtext"}
exclude_patterns = ["build"]
root_doc = "index"

html_theme = "furo"
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False

autodoc_typehints = "none"  # the Parameters section of each docstring says them
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "build" / "executed")
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_render_image_options = {"alt": "A chart of the numbers in the cell above."}


def setup(app: object) -> None:
    """Write the pages of the reference before Sphinx looks for them."""
    write_reference(Path(__file__).parent / "reference")
