"""A session: evaluates a graph up to a node, again and again, and runs no more than has changed."""

import gc
import os

from flowcore.model.event import Done, Event, Failed, Started, Stopped
from flowcore.model.frame import Evaluated, EvaluateRequest, Sample
from flowcore.model.preview import Activations
from flowcore.model.problem import FlowError, error
from flowcore.worker import look, view
from flowcore.worker.channel import Channel
from flowcore.worker.confine import confine
from flowcore.worker.control import StopRun
from flowcore.worker.explain import told
from flowcore.worker.keep import Values
from flowcore.worker.weights import Weights
from flowcore.worker.work import Work


def serve(channel: Channel) -> None:
    """Answer requests until nobody asks any more; values are kept in between."""
    session = Session(channel)
    confined = False
    while isinstance(request := channel.receive(), EvaluateRequest):
        if not confined:
            confine(request.limits)
            confined = True
        channel.send(session.answer(request))
        if session.littered:
            gc.collect()  # a network is a circle, and may be large


class Session:
    """Values by node, and the weights that the network had when it was built.

    littered: whether the last request may have left a network behind that nobody has any more.
    """

    def __init__(self, channel: Channel) -> None:
        self.littered = False
        self._channel = channel
        self._values = Values()
        self._initial = Weights()

    def answer(self, request: EvaluateRequest) -> Event:
        """How the request ended; what came out is sent before that."""
        self.littered = True
        try:
            self._channel.send(self._evaluated(request))
        except StopRun:
            return Stopped()
        except FlowError as reason:
            return Failed(problem=reason.problems[0])
        return Done()

    def _evaluated(self, request: EvaluateRequest) -> Evaluated:
        gone = self._values.keys() - request.graph.by_id.keys()
        self._values.drop(gone)
        work = Work(request, self._values, self._initial, self._channel)
        node, sample = request.node, request.sample
        wanted = [node, *(look.needed(sample, work) if sample else ())]
        order = tuple(work.lacking(wanted))
        self._channel.send(Started(pid=os.getpid(), seed=request.seed, order=order, versions={}))
        work.bring(wanted)
        descriptor = work.catalog.find(work.graph.by_id[node].type)
        evaluated = Evaluated(
            node=node,
            previews=self._values.previews(node, lambda one: view.outputs(one, descriptor, self._initial)),
            ran=tuple(work.ran),
            kept=work.kept(),
            activations=_activations(work, node, sample) if sample else None,
        )
        self.littered = bool(gone or work.ran or sample)
        return evaluated


def _activations(work: Work, node: str, sample: Sample) -> Activations:
    """What the node makes of a sample. Raises FlowError whatever goes wrong: the values stay kept."""
    try:
        return look.activations(work, node, sample)
    except (FlowError, StopRun):
        raise
    except Exception as reason:  # layers of any kind are called, with samples of any kind
        words = f"{work.graph.title(node)} cannot be shown this sample: {told(reason)}."
        raise error("no-sample", words, "Choose other samples, or look at its value.", [node]) from None
