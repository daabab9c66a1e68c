"""`python -m harness.containers.docker_removal NAME`: what the guard of a container runs once the harness is gone."""

import sys

from harness.containers.docker_engine import connect, remove_named

if __name__ == "__main__":
    engine = connect()
    remove_named(engine.client, sys.argv[1])
    engine.close()
