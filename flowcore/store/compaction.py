"""A journal's events made fewer, without changing the run that they tell of."""

from collections.abc import Iterable, Iterator, Sequence

from flowcore.model.event import END, Batch, Event, Text
from flowcore.model.run import Output


def compact(events: Sequence[Event]) -> list[Event]:
    """Text as its beginning and its end with what is lost between them, the last batch, and all the rest.

    ``fold(compact(events)) == fold(events)``. Nothing that follows an end changes a run.
    """
    end = next((index for index, event in enumerate(events) if isinstance(event, END)), len(events))
    before = events[:end]
    last = next((event for event in reversed(before) if isinstance(event, Batch)), None)
    kept = [event for event in before if event is last or not is_transient(event)]
    after = [event for event in events[end:] if not is_transient(event)]
    return [*kept, *_texts(before), *after]


def is_transient(event: Event) -> bool:
    """Whether later events make up for this one."""
    return isinstance(event, Text | Batch)


def _texts(events: Iterable[Event]) -> Iterator[Text]:
    """What was printed, in two events at most; they are as late as the latest that they stand for."""
    transient = [event for event in events if is_transient(event)]
    output = _printed(event for event in transient if isinstance(event, Text))
    at = max((event.at for event in transient), default=0.0)
    if output.head:
        yield Text(at=at, text=output.head)
    if output.tail or output.lost or not output.head:
        yield Text(at=at, text=output.tail, lost=output.lost)


def _printed(texts: Iterable[Text]) -> Output:
    """Joined where nothing is lost between them: to add many short ones would copy the tail each time."""
    output, pieces = Output(), list[str]()
    for text in texts:
        if text.lost:
            output = output.plus("".join(pieces)).plus(text.text, text.lost)
            pieces.clear()
        else:
            pieces.append(text.text)
    return output.plus("".join(pieces))
