"""Preview a folder of exports, and propose a mapping for files of no known system."""
