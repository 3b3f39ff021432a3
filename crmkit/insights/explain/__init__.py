"""Why a number moved: the parts of a change, the places where it happened, and the reasons that rose."""
