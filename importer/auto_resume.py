"""Resumes interrupted imports without a person, where `auto_resume` is on: at the start, and what falls silent later.

An attempt that has committed nothing is not repeated by itself: an import that kills its process each time would be
started for ever.
"""

import asyncio
import logging

import psycopg

from importer import jobs
from importer.database.jobs import interrupted
from importer.services import Services
from importer.supervisor import LOST_CODES

_log = logging.getLogger(__name__)


async def resume_interrupted(services: Services) -> None:
    """Resume all that is interrupted now, then whatever loses its worker, until cancelled."""
    codes: tuple[str, ...] | None = None
    while True:
        try:
            await _resume_round(services, codes)
        except psycopg.Error as error:
            _log.warning("interrupted imports have to wait: %s", error)
        else:
            # What a provider or a full disk has interrupted meanwhile would only be interrupted again.
            codes = LOST_CODES
        await asyncio.sleep(services.settings.heartbeat_interval_s)


async def _resume_round(services: Services, codes: tuple[str, ...] | None) -> None:
    async with services.pool.connection() as connection:
        found = await interrupted(connection, codes)
    for job_id in found:
        try:
            await jobs.resume(services, job_id)
        except jobs.JobRefused as refusal:
            _log.info("import %s is not resumed: %s", job_id, refusal)
        else:
            _log.warning("import %s was interrupted; resumed", job_id)
