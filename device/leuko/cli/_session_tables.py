"""What ``leuko session`` prints for people."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from leuko.control import SessionEntry, SessionReply, StatusReply
from leuko.counting import NOT_RECOGNISED, STATEMENT
from leuko.plurals import counted
from leuko.status import Health, Level, SessionState, shown_specimen
from leuko.terminal import beside_lines, differential_table, few_lines


def print_status(status: StatusReply) -> None:
    """Print a running count."""
    console = Console(highlight=False)
    console.print(_shown(status), soft_wrap=True)


def show_statuses(statuses: Iterable[StatusReply]) -> None:
    """Show a running count, each status in the place of the one before; below it in a file."""
    console = Console(highlight=False)
    if not console.is_terminal:
        for status in statuses:
            console.print(_shown(status), soft_wrap=True)
        return
    with Live(console=console, auto_refresh=False) as live:
        for status in statuses:
            live.update(_shown(status), refresh=True)


def print_sessions(sessions: Sequence[SessionEntry]) -> None:
    """Print a table of sessions."""
    console = Console(highlight=False)
    if not sessions:
        console.print("no session is kept")
        return
    table = Table("session", "specimen", "operator", "state", "n", "target", "started (UTC)")
    for one in sessions:
        cells = (
            one.session,
            shown_specimen(one.specimen),
            one.operator,
            one.state,
            one.n,
            one.target,
        )
        table.add_row(*(Text(str(cell)) for cell in cells), _started(one))
    console.print(table)


def print_session(reply: SessionReply) -> None:
    """Print one session."""
    console, session = Console(highlight=False), reply.session
    rows = {
        "session": str(session.session),
        "specimen": shown_specimen(session.specimen),
        "operator": session.operator or "–",
        "state": str(session.state),
        "target": str(session.target),
        "started": _started(session, zone=" UTC"),
        "device": reply.device or "–",
        "bundle": reply.bundle,
        "scale": f"{reply.um_per_px:.4f} µm per pixel" if reply.um_per_px else "–",
    }
    if reply.changes:
        rows["changes"] = "; ".join(reply.changes)
    for name, value in rows.items():
        console.print(f"{name.ljust(10)}{value}", markup=False, soft_wrap=True)
    count = reply.differential.count
    console.print(differential_table(count))
    wbc = [str(reply.estimated_wbc["text"])] if reply.estimated_wbc else []
    for line in (*beside_lines(count), *few_lines(count), *wbc, NOT_RECOGNISED, STATEMENT):
        console.print(line, markup=False, soft_wrap=True)


def _shown(status: StatusReply) -> RenderableType:
    head = [_headline(status), *_remarks(status)]
    count = status.differential.count
    wbc = [str(status.estimated_wbc["text"])] if status.estimated_wbc else []
    # While cells still come, few are no flaw of the count.
    is_over = status.state is SessionState.FINISHED
    few, unseen = (few_lines(count), [NOT_RECOGNISED]) if is_over else ([], [])
    tail = [*beside_lines(count), *few, *wbc, *unseen, STATEMENT]
    return Group(*map(Text, head), differential_table(count), *map(Text, tail))


def _headline(status: StatusReply) -> str:
    if status.state is SessionState.IDLE:
        return "no session; start one with: leuko session start SPECIMEN"
    rate = counted(round(status.frames_per_s), "picture")
    speed = f", {rate}/s" if status.frames_per_s else ""
    count = f"{status.differential.n} counted, target {status.target}"
    return f"{status.state} {shown_specimen(status.specimen)}: {count}{speed}"


def _remarks(status: StatusReply) -> Iterator[str]:
    if status.guidance:
        yield f"guidance: {status.guidance}"
    if status.notice:
        yield f"notice: {status.notice}"
    if status.stain:
        yield f"stain: {status.stain}"
    parts: dict[str, Health] = {
        name: getattr(status, name) for name in ("camera", "accelerator", "disk", "clock")
    }
    if status.accelerator.level is Level.OK:
        yield f"backend: {status.accelerator.text}"
    for name, health in (parts | dict(status.bench)).items():
        if health.level is not Level.OK:
            yield f"{name} {health.level}: {health.text}"


def _started(session: SessionEntry, *, zone: str = "") -> str:
    shown = session.started.replace("T", " ")[:16] + zone
    return shown if session.clock_is_set else f"{shown} (clock not set)"
