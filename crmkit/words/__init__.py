"""The sentences that a reader of the pages sees, as whole messages with named values (Project Fluent).

A file ``en/findings.ftl`` holds the messages whose names begin with ``findings-``; nothing else in the package words a
sentence of a page. Plurals are chosen inside a message, numbers are written by Babel as the language does.
"""

from crmkit.words.messages import has_message, say

__all__ = ["has_message", "say"]
