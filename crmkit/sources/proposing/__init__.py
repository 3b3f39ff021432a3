"""Recognise unknown files and propose a mapping."""
