"""Libraries are imported without what takes long and is of no use."""

import subprocess
import sys

CODE = """
import sys, time
from crmkit.reporting.runner.lazy_imports import import_papermill, import_renderer
import_papermill()
import_renderer()
import jsonschema, papermill, nbconvert.exporters
assert "rfc3987_syntax" not in sys.modules
jsonschema.validate({"nbformat": 4}, {"type": "object", "properties": {"nbformat": {"type": "integer"}}})
import rfc3987_syntax  # whoever wants it gets it
"""


def test_papermill_comes_without_the_grammar_of_web_addresses_and_works():
    subprocess.run([sys.executable, "-c", CODE], check=True)


def test_who_has_imported_it_keeps_it():
    code = "import sys, rfc3987_syntax\nfrom crmkit.reporting.runner.lazy_imports import import_papermill\nimport_papermill()\nassert sys.modules['rfc3987_syntax']"
    subprocess.run([sys.executable, "-c", code], check=True)
