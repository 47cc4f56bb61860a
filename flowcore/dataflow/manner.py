"""How a node is called, and what it gives, in plain words."""

from flowcore.model.descriptor import NodeDescriptor


def manner(node: NodeDescriptor) -> str:
    """How a node is called, in a sentence or two."""
    if node.kind == "method":
        return _method(node)
    words = {
        (True, True): "A layer: made with its arguments, then applied to what is linked to it.",
        (True, False): "A class: made with its arguments; the object is the result."
        if node.kind == "class"
        else "A function: called with its arguments; what it returns is the result.",
        (False, False): "Passed on as it is, without being called.",
        (False, True): "Calls an object of the graph once more, so that its weights are shared.",
    }[node.instance, node.apply]
    return words + (" It works on copies of what comes in." if node.copy else "")


def results(node: NodeDescriptor) -> str:
    """What a node hands on: "array", or "model, history"."""
    if node.outputs:
        return ", ".join(f"{output.name} ({output.otype})" for output in node.outputs if output.name)
    return node.otype


def _method(node: NodeDescriptor) -> str:
    words = "A method: called on the object that is linked to self."
    if node.mutates:
        words += " It changes that object."
    if node.returns == "self":
        words += " It hands the object on."
    return words
