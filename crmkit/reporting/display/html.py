"""Templates, style sheets and the object that JupyterLab and the report both know how to show.

Every template escapes what it is given; only a :class:`Fragment` is taken as HTML.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from crmkit.plots.palette import page_colours

THEME = Path(__file__).parents[1] / "theme"
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK SC", sans-serif'
# A number and its unit stay on one line, and so do a sign and its number: between "−" and "€12" a line may break.
_LOOSE_UNIT = re.compile(r"(?<=\d) (?=%|pts?\b|points?\b|days?\b|million\b|billion\b|trillion\b)")
_LOOSE_SIGN = re.compile(r"(?<=[+\N{MINUS SIGN}])(?=[$¢-¥\u20a0-\u20cf])")
_JOINER = "\N{WORD JOINER}"
_COMMAND = re.compile(r"`(crmkit[\w ./=-]*)`")
_PATH = re.compile(r"(?:^|(?<=[\s=:,'\"(]))(?:~|[A-Za-z]:)?[\\/][^\s,'\")]+")


class Fragment:
    """A piece of a page: shown by JupyterLab as it stands, put into the report by the renderer.

    Parameters
    ----------
    html : str
        Safe HTML, everything from data already escaped.
    name : str
        What it is, for the plain-text representation.
    carried : mapping of media type to JSON, or None
        What a run takes from the executed notebook: the numbers of the page, its lists, its lines for the front page.
    """

    def __init__(self, html: str, name: str = "fragment", carried: Mapping[str, Any] | None = None) -> None:
        self.html = str(html)  # not Markup, which escapes what is put into it
        self.name = name
        self.carried = dict(carried or {})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self), **self.carried}

    def _repr_html_(self) -> str:
        # The style comes with every output, because a notebook shows each alone; a report holds it once.
        return f'<div class="crmkit"><style data-crmkit>{component_css()}</style>\n{self.html}</div>'

    def __html__(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<crmkit {self.name}>"


def drawn(
    template: str, name: str = "fragment", *, carried: Mapping[str, Any] | None = None, **context: Any
) -> Fragment:
    """Return a template of the theme, filled in, as a fragment."""
    return Fragment(filled(template, **context), name, carried)


def filled(template: str, **context: Any) -> Markup:
    """Return a template of the theme, filled in, as HTML."""
    return Markup(_environment().get_template(f"{template}.html.j2").render(**context))


@cache
def component_css() -> str:
    """Return the style of everything inside a page, colours first."""
    day, night = (";".join(f"--{name}:{pair[scheme]}" for name, pair in page_colours().items()) for scheme in (0, 1))
    colours = (
        f".crmkit{{--font:{_FONT};{day};color-scheme:light}}"
        f"@media screen and (prefers-color-scheme:dark){{.crmkit{{{night};color-scheme:dark}}}}"
        # JupyterLab's own theme wins over the system's.
        f"[data-jp-theme-light=true] .crmkit{{{day};color-scheme:light}}"
        f"[data-jp-theme-light=false] .crmkit{{{night};color-scheme:dark}}"
    )
    return colours + _minify((THEME / "crmkit.css").read_text(encoding="utf-8"))


@cache
def page_css() -> str:
    """Return the whole style sheet of a report page."""
    return component_css() + _minify((THEME / "page.css").read_text(encoding="utf-8"))


@cache
def page_script() -> str:
    """Return the script of a report page, which needs it for nothing that is to be read."""
    lines = (THEME / "page.js").read_text(encoding="utf-8").splitlines()
    kept = (line.strip() for line in lines if not line.strip().startswith("//"))
    return "\n".join(line for line in kept if line)


@cache
def script_hash() -> str:
    """Return by what the page's policy knows its one script: no other may run."""
    return f"sha256-{b64encode(sha256(page_script().encode()).digest()).decode()}"


def kept_together(text: Any) -> Any:
    """Return text in which no line breaks between a number and its unit, or a sign and its currency."""
    if not isinstance(text, str):
        return text
    return _LOOSE_SIGN.sub(_JOINER, _LOOSE_UNIT.sub("\N{NO-BREAK SPACE}", text))


def coded(text: Any) -> Any:
    """Return text as HTML, escaped, in which a command of crmkit between backticks is code.

    Examples
    --------
    >>> coded("Run `crmkit load`, then <b>`rm -r`</b>.")
    Markup('Run <code>crmkit load</code>, then &lt;b&gt;`rm -r`&lt;/b&gt;.')
    """
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text)))) if isinstance(text, str) else text


def plain_text(text: str) -> str:
    """Return the text of a page without what only keeps its lines together, for whatever reads it elsewhere."""
    return " ".join(text.replace(_JOINER, "").split())


def without_paths(text: str) -> str:
    """Return text in which a path is cut down to its last part: a page must not show on which machine it was made.

    Examples
    --------
    >>> without_paths("crmkit report --settings /home/ada/kaldi/crmkit.toml --period 2026-10")
    'crmkit report --settings crmkit.toml --period 2026-10'
    """
    return _PATH.sub(lambda match: PurePosixPath(match[0].replace("\\", "/")).name, text)


def capitalised(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(THEME), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"tight": kept_together, "coded": coded}
    return environment


def _minify(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};]) ?", r"\1", css).replace(";}", "}").strip()
