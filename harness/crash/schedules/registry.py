"""Every schedule there is."""

from harness.crash.schedules.exhaustive import Exhaustive
from harness.crash.schedules.matrix import Matrix
from harness.crash.schedules.pairs import Pairs
from harness.crash.schedules.schedule import Schedule
from harness.crash.schedules.swarm import Swarm

SCHEDULES: tuple[Schedule, ...] = (Exhaustive(), Pairs(), Swarm(), Matrix())
