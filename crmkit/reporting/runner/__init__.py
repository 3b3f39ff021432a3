"""Run the notebooks of a period, render their pages and publish the folder as a whole."""
