"""What a notebook cell shows: tables, charts, exports, provenance, as objects with HTML."""
