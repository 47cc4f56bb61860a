"""The command ``flowcore``: results on stdout, progress and problems on stderr.

Exit codes: 0 done, 1 the graph has problems or the run failed, 2 wrong usage, 130 interrupted.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from flowcore import api
from flowcore.dataflow import document
from flowcore.dataflow.coverage import figures
from flowcore.dataflow.modules import renewed
from flowcore.model import event as e
from flowcore.model.descriptor import Catalog
from flowcore.model.event import Event
from flowcore.model.frame import DescribeRequest
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem, error
from flowcore.runs.backends import installed
from flowcore.runs.describe import ask, describe
from flowcore.store import descriptors, overlay
from flowcore.store.tensorboard import Logs


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code comes back."""
    args = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = args.command
    try:
        return command(args)
    except FlowError as reason:
        _complain(reason.problems, args)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flowcore", description="Deep-learning models as dataflow graphs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    app = commands.add_parser("app", help="serve the app")
    app.add_argument("--address", default="127.0.0.1", help="what to bind to (default: this machine only)")
    app.add_argument("--port", default=8501, type=int)
    app.set_defaults(command=_app)

    run = commands.add_parser("run", help="run a graph in a worker process")
    run.add_argument("graph", metavar="GRAPH.json")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--backend", choices=installed(), default="tensorflow", help="what Keras computes with")
    run.add_argument("--steps", type=int, help="steps per execution (default: chosen by the time of a step)")
    run.add_argument("--resume", metavar="RUN", default="", help="go on with the training of an earlier run")
    run.add_argument("--tensorboard", metavar="FOLDER", help="write logs there that TensorBoard opens")
    run.add_argument("--json", action="store_true", help="print every event as a line of JSON")
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="list everything that is wrong with a graph")
    check.add_argument("graph", metavar="GRAPH.json")
    check.add_argument("--json", action="store_true", help="print every problem as a line of JSON")
    check.set_defaults(command=_check)

    written = commands.add_parser("script", help="write a graph as a Python script that runs by itself")
    written.add_argument("graph", metavar="GRAPH.json")
    written.add_argument("--seed", type=int, default=0)
    written.set_defaults(command=_script)

    taken = commands.add_parser("read", help="make a graph of a script or of a saved Keras model")
    taken.add_argument("file", metavar="FILE", help="SCRIPT.py, MODEL.keras or the JSON of a model")
    taken.set_defaults(command=_read)

    scan = commands.add_parser("describe", help="generate the catalogue of a package")
    scan.add_argument("package", metavar="PACKAGE")
    scan.add_argument("--static", action="store_true", help="read its files, import and run nothing of it")
    scan.add_argument(
        "--only",
        metavar="MODULE",
        action="append",
        default=[],
        help="keep the nodes outside of MODULE as they are in the catalogue file, and replace those inside",
    )
    scan.add_argument(
        "--coverage", action="store_true", help="try out what is found, print how good it is, write nothing"
    )
    scan.set_defaults(command=_describe)

    shown = commands.add_parser("examples", help="list the graphs that come with flowcore")
    shown.set_defaults(command=_examples)
    return parser


def _app(args: argparse.Namespace) -> int:
    from flowcore.ui.serve import serve  # no other command has a use for Streamlit

    serve(args.address, args.port)
    return 0


def _run(args: argparse.Namespace) -> int:
    graph = _load(args.graph, args)
    _warn()
    tell = _print_json if args.json else _Progress(graph.title)
    logs = Logs(Path(args.tensorboard), graph) if args.tensorboard else None

    def hear(event: Event) -> None:
        tell(event)
        if logs is not None:
            logs(event)

    run = api.run(
        graph, args.seed, hear, backend=args.backend, steps_per_execution=args.steps, resume=args.resume
    )
    if logs is not None:
        logs.close()
    if run.problem:
        _complain((run.problem,), args)
    if not args.json:
        print(f"run {run.id}: {api.folder(run)}", file=sys.stderr)
        for node, metrics in run.results.items():
            for name, value in metrics.items():
                print(f"{graph.title(node)} {name} {'nan' if value is None else f'{value:.6g}'}")
    return 0 if run.state == "done" else 1


def _check(args: argparse.Namespace) -> int:
    problems = api.check(_load(args.graph, args))
    _warn()
    _complain(problems, args)
    errors = [problem for problem in problems if problem.level == "error"]
    if not problems and not args.json:
        print("no problems")
    return 1 if errors else 0


def _script(args: argparse.Namespace) -> int:
    print(api.script(_load(args.graph, args), args.seed), end="")
    return 0


def _read(args: argparse.Namespace) -> int:
    sys.stdout.buffer.write(document.write(_load(args.file, args)))
    return 0


def _describe(args: argparse.Namespace) -> int:
    if args.coverage:
        return _coverage(args)
    only = tuple(args.only)
    catalog = describe(args.package, descriptors.source(args.package), static=args.static, only=only)
    path = descriptors.save(_renewed(catalog, args.package, only) if only else catalog, args.package)
    arguments = [argument for node in catalog.nodes for argument in node.args]
    typed = sum(argument.supported for argument in arguments)
    print(f"{path}: {len(catalog.nodes)} nodes, {len(arguments)} arguments, {typed} typed")
    for problem in descriptors.stale(args.package):
        print(f"{problem.message} {problem.hint}", file=sys.stderr)
    return 0


def _coverage(args: argparse.Namespace) -> int:
    """The catalogue of a fresh scan in figures; no revision is laid over it."""
    source = descriptors.source(args.package)
    found = ask(DescribeRequest(args.package, source, static=args.static, trial=not args.static))
    for name, value in figures(found.catalog, found.trial):
        print(f"{name:<58} {value}")
    for reason in found.trial.failures if found.trial else ():
        print(f"  {reason}", file=sys.stderr)
    return 0


def _renewed(found: Catalog, package: str, only: tuple[str, ...]) -> Catalog:
    """The catalogue file with what lies in some modules as it was found. Raises if nothing was."""
    if not found.nodes:
        raise error(
            "nothing-found",
            f"Expected public functions or classes in {' or '.join(only)}; found none.",
            f"Name modules as they are imported, for instance --only {package}.MODULE.",
        )
    path = descriptors.DESCRIPTORS / f"{package}.json"
    return renewed(descriptors.generated(path) if path.exists() else Catalog(), found, only)


def _examples(args: argparse.Namespace) -> int:
    for name, path in api.examples().items():
        print(f"{name}\t{path}")
    return 0


def _warn() -> None:
    """Files of the user's own that could not be read: a graph may do without them."""
    for problem in overlay.overlay().problems:
        print(f"warning: {problem.message}\n  {problem.hint}", file=sys.stderr)


def _load(path: str, args: argparse.Namespace) -> Graph:
    return api.load(path, lambda problem: _complain([problem], args))


def _complain(problems: Sequence[Problem], args: argparse.Namespace) -> None:
    for problem in problems:
        if getattr(args, "json", False):
            _print_json(problem)
        else:
            print(f"{problem.level}: {problem.message}\n  {problem.hint}", file=sys.stderr)


def _print_json(item: Event | Problem) -> None:
    try:
        sys.stdout.buffer.write(msgspec.json.encode(item) + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read this has gone: end as if interrupted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


class _Progress:
    """A line for each thing that happens, one that is overwritten for batches on a terminal."""

    def __init__(self, title: Callable[[str], str]) -> None:
        self._title = title
        self._epochs = 0

    def __call__(self, event: Event) -> None:
        match event:
            case e.NodeState(node=node, state="running"):
                self._say(self._title(node))
            case e.TrainingBegan():
                self._epochs = event.epochs
            case e.Batch() if sys.stderr.isatty():
                print(f"\r  epoch {event.epoch} step {event.step} {_metrics(event)}", end="", file=sys.stderr)
            case e.Epoch():
                self._say(f"  epoch {event.epoch}/{self._epochs} {event.seconds:.1f} s {_metrics(event)}")
            case e.Stopped():
                self._say("stopped")
            case e.Failed() | e.Text():
                if isinstance(event, e.Text) and event.text.startswith("Traceback"):
                    print(event.text, file=sys.stderr)

    def _say(self, text: str) -> None:
        start = "\r\x1b[K" if sys.stderr.isatty() else ""
        print(f"{start}{text}", file=sys.stderr)


def _metrics(event: e.Batch | e.Epoch) -> str:
    return " ".join(
        f"{name} {'nan' if value is None else f'{value:.4g}'}" for name, value in event.metrics.items()
    )


if __name__ == "__main__":
    sys.exit(main())
