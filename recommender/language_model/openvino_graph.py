"""What of a converted model's graph is made otherwise, so that it serves: inputs and outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from recommender.language_model.protocol import ModelError

_INSIDE = ("attention_mask", "beam_idx")  # inputs that are of use where a model keeps them itself
CHOSEN = "chosen"  # the input that says which tokens' states are wanted
KEPT, MASK = "kept", "mask"  # keys and values of what was read before; which of them are seen


def linears(model: Any) -> list[Any]:
    """The products with weights, in the order of the model; the last one is the output's."""
    return [
        node
        for node in model.get_ordered_ops()
        if node.get_type_name() == "MatMul" and node.input_value(1).get_partial_shape().is_static
    ]


def linears_by_name(model: Any) -> dict[str, Any]:
    """The products of a converted model by the names that transformers has for them."""
    return {node.get_friendly_name(): node for node in linears(model)}


def with_chosen_tokens(model: Any, product: Any) -> None:
    """Let a model go on from `product`, which ends an attention, with chosen tokens alone.

    Its new input `CHOSEN`, (n, k), holds the places of these in each row of the n given.
    """
    from openvino import opset13

    chosen = _parameter(model, CHOSEN, [-1, -1], np.int64)
    (into,) = product.output(0).get_target_inputs()
    beside = into.get_node()
    if beside.get_type_name() != "Add":  # of what goes past the attention
        raise ModelError(f"{product.get_friendly_name()}: its layer is built in an unknown way")
    for place in (product.input(0), beside.input(1 - into.get_index())):
        states = place.get_source_output()
        place.replace_source_output(opset13.gather(states, chosen, 1, 1).output(0))


def without_head(model: Any, head: Any) -> None:
    """Let a model give the states that go into the output matrix; shape (n, k, d)."""
    from openvino import opset13

    states = head.input_value(0)
    model.remove_result(model.get_results()[0])
    model.add_results([opset13.result(states)])
    model.validate_nodes_and_infer_types()


def head_alone(head: Any) -> Any:
    """The output matrix as a model of its own: states (n, d) to logits (n, vocabulary)."""
    import openvino
    from openvino import opset13

    states = opset13.parameter([-1, head.input_value(1).get_shape()[1]], np.float32, name="states")
    head.input(0).replace_source_output(states.output(0))
    head.validate_and_infer_types()
    return openvino.Model([opset13.result(head.output(0))], [states], "head")


def keep_outside(model: Any) -> None:
    """Let the caller hold the keys and values of what was read, which else the model does itself.

    Its new input `KEPT`, (2 · layers, h, p, d), has keys and values in turn, and `MASK`,
    (n or 1, 1, l, p + l), what is added where a token looks at a key. Its outputs behind the
    first are keys and values of the tokens given, (n, h, l, d) each, in turn.

    Behind what a model keeps, OpenVINO takes tokens one at a time, by a kernel made for writing.
    Where keys and values come from outside it takes products of whole matrices: four rows of 24
    tokens behind 48 take an eighth less time, behind 240 almost a third, and a single token the
    same. Nor does anything stay in OpenVINO of a conversation that was long.

    Raises `ModelError` where the model keeps them in a way that is not known.
    """
    from openvino import opset13

    attentions = [
        node
        for node in model.get_ordered_ops()
        if node.get_type_name() == "ScaledDotProductAttention"
    ]
    heads, size = (_appended(attentions[0], 1).get_partial_shape()[n].get_length() for n in (1, 3))
    sharing = attentions[0].get_output_partial_shape(0)[1].get_length() // heads
    kept = _parameter(model, KEPT, [2 * len(attentions), heads, -1, size])
    mask = opset13.concat([_parameter(model, MASK, [-1, 1, -1, -1])] * sharing, 2)
    before = opset13.split(kept, opset13.constant(0), 2 * len(attentions)).outputs()
    one, axis = opset13.constant([1]), opset13.constant(0)
    grouped = opset13.constant([0, heads, -1, size])
    read = []
    for node, own in zip(attentions, zip(before[::2], before[1::2], strict=True), strict=True):
        queries = node.input_value(0)
        rows = opset13.gather(opset13.shape_of(queries), opset13.constant([0]), axis)
        to_rows = opset13.concat([rows, one, one, one], 0)
        behind = []
        for place, earlier in zip((1, 2), own, strict=True):
            new = _appended(node, place)
            spread = opset13.broadcast(earlier, to_rows, broadcast_spec="BIDIRECTIONAL")
            behind.append(opset13.concat([spread, new], 2))
            read.append(opset13.result(new))
        seen = opset13.scaled_dot_product_attention(
            opset13.reshape(queries, grouped, True), *behind, mask
        )
        back = opset13.reshape(seen, opset13.shape_of(queries), False)
        for target in node.output(0).get_target_inputs():
            target.replace_source_output(back.output(0))
    # One output with all of them would cost OpenVINO some 50 MB more.
    model.add_results(read)
    for sink in model.get_sinks():
        model.remove_sink(sink)
    for variable in model.get_variables():
        model.remove_variable(variable)
    for parameter in model.get_parameters():
        if parameter.get_friendly_name() in _INSIDE:
            model.remove_parameter(parameter)
    model.validate_nodes_and_infer_types()


def _appended(attention: Any, place: int) -> Any:
    """What an attention's keys or values have behind those that the model keeps."""
    node = attention.input_value(place).get_node()
    while node.get_type_name() != "Concat" and node.get_input_size():
        node = node.input_value(0).get_node()
    way = [node]
    while way[-1].get_input_size() and len(way) < 3:
        way.append(way[-1].input_value(0).get_node())
    if [one.get_type_name() for one in way] != ["Concat", "Gather", "ReadValue"]:
        raise ModelError(
            f"{attention.get_friendly_name()}: what it keeps is built in an unknown way"
        )
    return node.input_value(1)


def _parameter(model: Any, name: str, shape: list[int], kind: Any = np.float32) -> Any:
    from openvino import opset13

    parameter = opset13.parameter(shape, kind, name=name)
    parameter.output(0).set_names({name})
    model.add_parameters([parameter])
    return parameter
