"""What is known of a container's processes from looking again and again: their names, who was killed, the peak."""

from collections.abc import Callable, Sequence

from harness.containers.look import Look
from harness.containers.processes import command_text
from harness.containers.victims import Victims


class Observed:
    """The processes of one group; `group` is the end of its path, by which the kernel's log names it.

    `read_log` gives what the log has had since the last call.
    """

    def __init__(self, command: Sequence[str], group: str, read_log: Callable[[], str]) -> None:
        self._main = command_text(tuple(command))
        self._victims = Victims(f"/{group}")
        self._read_log = read_log
        self._names: dict[int, str] = {}
        self._rss_peak_bytes = 0

    @property
    def killed(self) -> tuple[str, ...]:
        """Who was killed for memory, in order."""
        return self._victims.names

    @property
    def rss_peak_bytes(self) -> int:
        """The highest VmHWM of the main process."""
        return self._rss_peak_bytes

    def took(self, pid: int) -> bool:
        """Whether the process `pid` was killed for memory."""
        return self._victims.took(pid)

    def started(self, main_pid: int, oom_kills: int) -> None:
        """A main process was started; what was killed until then is explained."""
        self._names = {main_pid: f"main ({self._main})"}
        self._victims.observe(self._names, oom_kills, "")

    def take(self, look: Look, main_pid: int | None) -> bool:
        """Take in one fresh look; whether it showed a kill that nobody had explained."""
        self._names = {pid: self._name(pid, command, main_pid) for pid, command in look.commands.items()}
        unexplained = self._victims.unexplained(look.oom_kills)
        self._victims.observe(self._names, look.oom_kills, self._read_log() if unexplained else "")
        if main_pid is not None and main_pid in look.memory:
            self._rss_peak_bytes = max(self._rss_peak_bytes, look.memory[main_pid].peak_rss_bytes)
        return unexplained

    def _name(self, pid: int, command: str, main_pid: int | None) -> str:
        if pid == main_pid:
            return f"main ({self._main})"
        known = self._names.get(pid, "")
        # A child that was just forked still has its parent's command line: take it until it differs.
        return known if known and known != f"child {self._main}" else f"child {command}"
