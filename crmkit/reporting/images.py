"""A matplotlib figure as a data URI: SVG that follows the page into dark mode, or lossless WebP where that is smaller."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from crmkit.plots.palette import LIGHT, dark_twins

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 200
_SVG_IS_FINE_UP_TO = 60_000  # bytes: sharper on paper and dark on a dark page, so it may cost a little more
_NARROW_INCHES = 3.5  # drawn anew for telephones, so that its text is as large as the page's
_FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"


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
    """Tell whether the figure has no background of its own: then it was drawn for pages of either colour."""
    from matplotlib.colors import to_rgba

    return to_rgba(figure.get_facecolor())[3] == 0


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
    return _follows_the_page(_lean(target.getvalue()))


def _lean(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(\d+\.\d{2})\d+", r"\1", svg)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r"(?<=[\d.]) ([MLQCZz]) (?=-?[\d.])", r"\1", svg)
    return re.sub(r"> <", "><", svg)


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


def _svg_uri(svg: str) -> str:
    escaped = "data:image/svg+xml," + quote(svg, safe="!'()*,-./:;=?@_~{}$&+")
    packed = _base64("image/svg+xml", svg.encode())
    return min(escaped, packed, key=len)


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
