"""Read export files: encodings, layouts, mappings."""
