"""A figure on a page: the message above, the picture with its text alternative, the numbers behind a fold.

The picture is a data URI: SVG that follows the page into dark mode, or lossless WebP where that is smaller.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.plots.palette import LIGHT, dark_twins
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.reporting.display.tables import worded_table
from crmkit.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHORTEST_ALT = 20  # characters: "chart" or "churn by month" states no finding
_DPI = 200
_SVG_IS_FINE_UP_TO = 60_000  # bytes: sharper on paper and dark on a dark page, so it may cost a little more
_NARROW_INCHES = 3.5  # drawn anew for telephones, so that its text is as large as the page's
_FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"


def figure(
    plot: Axes | Figure | Any,
    title: str,
    subtitle: str = "",
    *,
    alt: str,
    caption: str = "",
    data: pd.DataFrame | None = None,
    settings: Settings | None = None,
    units: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    id: str = "",
) -> Fragment:
    """Return a figure with its message, and close it.

    Parameters
    ----------
    plot : Axes, Figure, or anything with ``.figure``
        What to show; seaborn's grids too.
    title : str
        The message: "Customers left faster in October than in any month for a year".
    subtitle : str
        Measure, population and period.
    alt : str
        Text alternative that states the finding, for those who do not see the picture.
    caption : str
        The caveat, below the picture.
    data : DataFrame or None
        The numbers shown, put behind a fold.
    settings : Settings or None
        For the currency in the numbers.
    units, labels : mapping of column to unit and to heading, or None
        Of the numbers, see :func:`crmkit.reporting.table`.
    id : str
        Name for links to it.

    Returns
    -------
    Fragment

    Raises
    ------
    CrmkitError
        If the text alternative is missing or too short to state a finding.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> drawing = Figure(figsize=(4, 2))
    >>> points = drawing.subplots().plot([1, 2, 4])
    >>> figure(drawing, "Orders double every month", alt="Orders by month: one in May, two in June, four in July.")
    <crmkit figure: Orders double every month>
    """
    from matplotlib import pyplot

    if len(alt.strip()) < _SHORTEST_ALT:
        raise CrmkitError(f"alt is {alt!r}. Write what the figure shows, as you would say it on the telephone.")
    drawing = _figure_of(plot)
    image = encoded(drawing)
    pyplot.close(drawing)  # otherwise the notebook shows it a second time
    return drawn(
        "figure",
        f"figure: {title}",
        title=title,
        subtitle=subtitle,
        image=image,
        alt=alt.strip(),
        caption=caption,
        id=id,
        data=None
        if data is None
        else worded_table(data, subtitle or title, settings=settings, units=units, labels=labels),
    )


@dataclass(frozen=True)
class Image:
    """One picture, ready for ``src``.

    Attributes
    ----------
    uri, narrow_uri : str
        Data URI, and another one for screens of a telephone's width, empty where there is none.
    width, height : int
        Size in CSS pixels.
    follows_theme : bool
        Whether it turns dark with the page; otherwise it needs a light card behind it.
    """

    uri: str
    narrow_uri: str
    width: int
    height: int
    follows_theme: bool


def encoded(figure: Figure) -> Image:
    """Encode a figure, as SVG or as lossless WebP at 200 dpi.

    Parameters
    ----------
    figure : matplotlib Figure

    Returns
    -------
    Image
    """
    inches_wide, inches_high = figure.get_size_inches()
    follows = is_transparent(figure)
    wide = _svg(figure)
    size = round(inches_wide * 96), round(inches_high * 96)
    if len(wide) > _SVG_IS_FINE_UP_TO and len(picture := _webp(figure)) < len(wide):
        return Image(_base64("image/webp", picture), "", *size, follows_theme=False)
    narrow = ""
    if inches_wide > _NARROW_INCHES and len([ax for ax in figure.axes if ax.get_visible()]) == 1:
        figure.set_size_inches(_NARROW_INCHES, max(inches_high, 2.9))
        narrow = _svg_uri(_svg(figure))
        figure.set_size_inches(inches_wide, inches_high)
    return Image(_svg_uri(wide), narrow, *size, follows_theme=follows)


def is_transparent(figure: Figure) -> bool:
    """Return whether the figure has no background of its own, as one drawn for light and dark pages has none."""
    from matplotlib.colors import to_rgba

    return to_rgba(figure.get_facecolor())[3] == 0


def _figure_of(plot: Any) -> Any:
    whole = getattr(plot, "figure", plot)  # axes and seaborn's grids know their figure; a figure is its own
    return getattr(whole, "figure", whole)  # and a part of a figure knows the whole


def _svg(figure: Figure) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    target, shown_by = StringIO(), figure.canvas
    try:
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crmkit"}):
            # As `savefig` would, which draws everything twice: once to lay it out, and drawing does that by itself.
            FigureCanvasSVG(figure).print_svg(target, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    finally:
        figure.set_canvas(shown_by)
    return _follows_the_page(_minify(target.getvalue()))


def _follows_the_page(svg: str) -> str:
    # The colours become variables of the picture itself: an SVG in an <img> sees the page's light or dark scheme.
    twins = {light: dark for light, dark in dark_twins().items() if light in svg.lower()}
    names = {light: f"--c{place}" for place, light in enumerate(twins)}
    for light, name in names.items():
        svg = re.sub(re.escape(light), f"var({name})", svg, flags=re.IGNORECASE)
    svg = re.sub(r"font-family: [^;\"]+; ?", "", svg)
    day = ";".join(f"{names[light]}:{light}" for light in twins)
    night = ";".join(f"{names[light]}:{dark}" for light, dark in twins.items())
    style = f"text{{font-family:{_FONTS}}}svg{{{day}}}@media screen and (prefers-color-scheme:dark){{svg{{{night}}}}}"
    return re.sub(r"(<svg[^>]*>)", lambda match: f"{match[1]}<style>{style}</style>", svg, count=1)


def _minify(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(\d+\.\d{2})\d+", r"\1", svg)
    # A tenth of a point is a fifth of a dot on paper: the steps of a long curve need no more digits.
    svg = re.sub(r' d="[^"]+"', lambda path: re.sub(r"\d+\.\d\d", lambda place: f"{float(place[0]):.1f}", path[0]), svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r"(?<=[\d.]) ([MLQCZz]) (?=-?[\d.])", r"\1", svg)
    return re.sub(r"> <", "><", svg)


def _webp(figure: Figure) -> bytes:
    from PIL import Image as Pillow

    raw = BytesIO()
    opaque = LIGHT["paper"] if is_transparent(figure) else figure.get_facecolor()
    figure.savefig(raw, format="png", dpi=_DPI, facecolor=opaque)
    lossless = BytesIO()
    Pillow.open(raw).convert("RGB").save(lossless, format="WEBP", lossless=True, quality=100, method=6)
    return lossless.getvalue()


def _base64(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _svg_uri(svg: str) -> str:
    escaped = "data:image/svg+xml," + quote(svg, safe="!'()*,-./:;=?@_~{}$&+")
    packed = _base64("image/svg+xml", svg.encode())
    return min(escaped, packed, key=len)
