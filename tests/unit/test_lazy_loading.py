"""What the first import loads: all of it in the thread that is there for it, nothing later on the event loop."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from importer.app import _load_pipeline
from importer.config import load

settings = load({"IMPORTER_DATABASE_URL": "postgresql://127.0.0.1/none", "IMPORTER_EMBEDDING_PROVIDER": sys.argv[1]})
assert not {"openai", "cohere"} & set(sys.modules), "an SDK is loaded before there is an import"
_load_pipeline(settings)
from importer.embedding import open_provider
from importer.extraction import ConceptExtractor
from importer.provider_http import open_http

http = open_http(settings)
before = set(sys.modules)
open_provider(settings, http)
ConceptExtractor(settings, http)
assert not {"aiohttp", "rich", "pygments"} & set(sys.modules), "10 MB that nothing uses"
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("provider", ["openai", "cohere"])
def test_providers_are_loaded_before_the_pipeline_begins(provider: str) -> None:
    """Half a second of imports on the event loop would keep the job's heart from beating."""
    command = [sys.executable, "-c", SCRIPT, provider]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
