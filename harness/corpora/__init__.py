"""Corpora: what a run imports, found or made, and counted by the harness itself."""
