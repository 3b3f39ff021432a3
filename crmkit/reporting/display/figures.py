"""A figure on a page: the message above, the picture with its text alternative, the numbers behind a fold.

The picture is SVG in the colours of the page, or lossless WebP where that is smaller.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from crmkit.errors import CrmkitError
from crmkit.plots.palette import LIGHT
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.reporting.display.svg import inline_svg
from crmkit.reporting.display.tables import worded_table
from crmkit.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHORTEST_ALT = 20  # characters: "chart" or "churn by month" states no finding
_DPI = 200
_SVG_IS_FINE_UP_TO = 60_000  # bytes: sharper on paper and dark on a dark page, so it may cost a little more
_NARROW_INCHES = 3.5  # drawn anew for telephones, so that its text is as large as the page's


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
    alt = alt.strip()
    image = encoded(drawing, alt)
    pyplot.close(drawing)  # otherwise the notebook shows it a second time
    return drawn(
        "figure",
        f"figure: {title}",
        title=title,
        subtitle=subtitle,
        image=image,
        caption=caption,
        id=id,
        data=None
        if data is None
        else worded_table(data, subtitle or title, settings=settings, units=units, labels=labels),
    )


@dataclass(frozen=True)
class Image:
    """One picture, ready for a page.

    Attributes
    ----------
    html : str
        SVG elements, the second one for screens of a telephone's width; or an ``<img>`` of many points.
    width, height : int
        Size in CSS pixels.
    follows_theme : bool
        Whether it turns dark with the page; otherwise it needs a light card behind it.
    is_for_phones : bool
        Whether there is a second one.
    """

    html: Markup
    width: int
    height: int
    follows_theme: bool
    is_for_phones: bool


def encoded(figure: Figure, alt: str) -> Image:
    """Encode a figure, as SVG that is a part of the page or as lossless WebP at 200 dpi.

    Parameters
    ----------
    figure : matplotlib Figure
    alt : str
        Text alternative.

    Returns
    -------
    Image
    """
    inches_wide, inches_high = figure.get_size_inches()
    size = round(inches_wide * 96), round(inches_high * 96)
    follows = is_transparent(figure)
    is_for_phones = inches_wide > _NARROW_INCHES and len([ax for ax in figure.axes if ax.get_visible()]) == 1
    wide = _inline(figure, alt, "for-screens" if is_for_phones else "", recolour=follows)
    if len(wide) > _SVG_IS_FINE_UP_TO and len(picture := _webp(figure)) * 4 / 3 < len(wide):
        shown = Markup('<img src="{}" width="{}" height="{}" alt="{}">').format(
            f"data:image/webp;base64,{b64encode(picture).decode()}", *size, alt
        )
        return Image(shown, *size, follows_theme=False, is_for_phones=False)
    narrow = ""
    if is_for_phones:
        figure.set_size_inches(_NARROW_INCHES, max(inches_high, 2.9))
        narrow = _inline(figure, alt, "for-phones", recolour=follows)
        figure.set_size_inches(inches_wide, inches_high)
    return Image(Markup(wide + narrow), *size, follows_theme=follows, is_for_phones=is_for_phones)


def is_transparent(figure: Figure) -> bool:
    """Return whether the figure has no background of its own, as one drawn for light and dark pages has none."""
    from matplotlib.colors import to_rgba

    return to_rgba(figure.get_facecolor())[3] == 0


def _figure_of(plot: Any) -> Any:
    whole = getattr(plot, "figure", plot)  # axes and seaborn's grids know their figure; a figure is its own
    return getattr(whole, "figure", whole)  # and a part of a figure knows the whole


def _inline(figure: Figure, alt: str, classes: str, *, recolour: bool) -> str:
    from crmkit.plots.hover import values_of

    return inline_svg(_svg(figure), label=alt, classes=classes, values=values_of(figure), recolour=recolour)


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
    return target.getvalue()


def _webp(figure: Figure) -> bytes:
    from PIL import Image as Pillow

    raw = BytesIO()
    opaque = LIGHT["paper"] if is_transparent(figure) else figure.get_facecolor()
    figure.savefig(raw, format="png", dpi=_DPI, facecolor=opaque)
    lossless = BytesIO()
    Pillow.open(raw).convert("RGB").save(lossless, format="WEBP", lossless=True, quality=100, method=6)
    return lossless.getvalue()
