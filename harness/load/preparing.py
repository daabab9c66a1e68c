"""From a plan and what users upload to the errand of Locust's processes."""

from pathlib import Path

from harness.load.documents import Material, new_salt
from harness.load.errand import Errand, Paths, write_errand
from harness.load.generator import CHILD_CODE, Orders
from harness.load.order import ERRAND, LOCUST_LOG, STOP, LoadOrder
from harness.load.rows import ROWS
from harness.target import HttpContract


def make_errand(order: LoadOrder, material: Material) -> Errand:
    """What the users are told; where a load goes to a host of somebody, more is laid over it."""
    plan, salt = order.plan, new_salt()
    return Errand(
        rows_path=str((order.run_dir / ROWS).resolve()),
        stop_path=str((order.run_dir / STOP).resolve()),
        stages=plan.stages,
        spawn_per_s=plan.spawn_per_s,
        ready_within_s=plan.ready_within_s,
        workers=order.workers.count,
        habits=plan.habits,
        paths=_paths(order.scenario.target.http),
        documents=material.documents,
        queries=material.queries,
        salt="" if plan.reimport else salt,
        prefix=f"halfgig-{salt}",
        health_every_s=plan.health_every_s,
        request_timeout_s=plan.request_timeout_s,
        import_timeout_s=plan.import_timeout_s,
        seed=plan.seed,
        uploads_most=plan.uploads_most,
        tell=bool(plan.kills),
    )


def make_orders(order: LoadOrder, errand: Errand, host: str, secrets: tuple[str, ...]) -> Orders:
    """Write the errand, and say how Locust is started with it."""
    path = (order.run_dir / ERRAND).resolve()
    write_errand(path, errand)
    own = order.plan.locustfile
    return Orders(
        errand_path=path,
        stop_path=Path(errand.stop_path),
        log_path=order.run_dir / LOCUST_LOG,
        host=host,
        locustfile=Path(own).resolve() if own else CHILD_CODE / "people.py",
        workers=order.workers,
        secrets=secrets,
    )


def _paths(http: HttpContract) -> Paths:
    return Paths(
        upload=http.upload, upload_field=http.upload_field, status=http.status, ready=http.ready, resume=http.resume,
        events=http.events, results=http.results, search=http.search, jobs=http.jobs, fields=http.fields,
        states=http.states,
    )  # fmt: skip
