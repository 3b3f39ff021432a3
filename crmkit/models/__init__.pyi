"""Estimators: frames in, frames out."""

# Orders of customers who pay by the order.
from .orders.pareto_nbd import ParetoNBD as ParetoNBD
from .orders.beta_geometric import BGNBD as BGNBD
from .orders.beta_geometric import MBGNBD as MBGNBD
from .orders.gamma_gamma import GammaGamma as GammaGamma
from .orders.next_order import NextOrder as NextOrder
from .orders.choose import choose_orders as choose_orders
from .orders.summary import order_summary as order_summary

# Months of a whole firm.
from .series.monthly_forecast import MonthlyForecast as MonthlyForecast

# Subscriptions that end.
from .subscriptions.hazard import DiscreteHazard as DiscreteHazard
from .subscriptions.sbg import BetaDiscreteWeibull as BetaDiscreteWeibull
from .subscriptions.sbg import ShiftedBetaGeometric as ShiftedBetaGeometric
from .subscriptions.kaplan_meier import tenure_curve as tenure_curve
from .subscriptions.cox import hazard_ratios as hazard_ratios
from .subscriptions.cox import proportionality as proportionality
from .subscriptions.lifetimes import fit_lifetimes as fit_lifetimes
from .subscriptions.lifetimes import lifetime_models as lifetime_models
from .subscriptions.lifetimes import conditional_survival as conditional_survival
from .subscriptions.lifetimes import time_ratios as time_ratios

# Who leaves, who is alike, what is bought together.
from .additive.classifier import ChurnClassifier as ChurnClassifier
from .segments.kmeans import CustomerSegments as CustomerSegments
from .segments.rfm import RFM as RFM
from .orders.affinity import Affinity as Affinity

# What an action does to whom, from people drawn by lot.
from .trials.effect import average_effect as average_effect
from .trials.uplift import UpliftModel as UpliftModel
from .trials.uplift import targeting as targeting

# What text says, what money is worth.
from .text.sentiment import learned_sentiment as learned_sentiment
from .text.sentiment import lexicon_sentiment as lexicon_sentiment
from .subscriptions.present_value import discount_factors as discount_factors
from .subscriptions.present_value import present_value as present_value
from .subscriptions.present_value import rate_per_period as rate_per_period
