"""One function a plot, `plot_x(frame, ax=None)`, and the theme."""

from . import theme as theme

from .history import plot_history as plot_history
from .groups import plot_groups as plot_groups
from .survival import plot_survival as plot_survival
from .churn import plot_call_profit as plot_call_profit
from .churn import plot_expected_losses as plot_expected_losses
from .churn import plot_reliability as plot_reliability
from .churn import plot_remaining as plot_remaining
from .survival import plot_tenure as plot_tenure
from .waterfall import plot_waterfall as plot_waterfall
from .forecasts import plot_calibration as plot_calibration
from .forecasts import plot_life as plot_life
from .ahead import plot_ahead as plot_ahead
from .segments import plot_segment_flow as plot_segment_flow
from .segments import plot_segment_map as plot_segment_map
from .theme import use_theme as use_theme
