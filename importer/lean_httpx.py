"""httpx without its command line, which loads rich and pygments where they are installed."""

from importer.lean_imports import without

with without("pygments"):
    import httpx

__all__ = ["httpx"]
