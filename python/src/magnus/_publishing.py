"""Makes of a function's return value what is published. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


def publish(value, request, result):
    returns = request["returns"]
    returned = result["returned"] = {}
    if not returns:
        for name, entry in entries_of(value).items():
            if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
                raise Failure("the function returned the key %r, which cannot be the name of a parameter" % (name,))
            returned[name] = to_json(entry, name)
        return
    metrics = result["metrics"] = {}
    objects = result["objects"] = {}
    for position, (name, kind, entry) in enumerate(matched(value, returns)):
        if kind == "object":
            objects[name] = "%s.%d.pickle" % (request["result"], position)
            dump_object(entry, name, objects[name])
        elif kind == "metric":
            metrics[name] = to_json(entry, name, as_metric=True)
            returned[name] = metrics[name]
        else:
            returned[name] = to_json(entry, name)


def matched(value, returns):
    """The values by the names in returns: one value, a tuple by position, or a mapping or model by name."""
    names = [one["name"] for one in returns]
    kinds = [one["kind"] for one in returns]
    if len(names) == 1:
        return [(names[0], kinds[0], value)]
    if isinstance(value, tuple):
        if len(value) != len(names):
            raise Failure("the function returned %d values, and returns names %d" % (len(value), len(names)), "missing-output")
        return list(zip(names, kinds, value))
    entries = entries_of(value)
    missing = [name for name in names if name not in entries]
    if missing:
        kind = "a " + type(value).__name__ if not entries else 'no "%s"' % missing[0]
        raise Failure("the function returned %s, and returns names %d values" % (kind, len(names)), "missing-output")
    return [(name, kind, entries[name]) for name, kind in zip(names, kinds)]


def entries_of(value):
    """A mapping's entries, a dataclass's fields, a model's (by alias); nothing of anything else."""
    if isinstance(value, dict):
        return value
    if value is None or isinstance(value, (str, int, float, list, tuple, type)):
        return {}
    if hasattr(value, "model_dump"):
        return value.model_dump(by_alias=True)
    if hasattr(value, "__fields__") and hasattr(value, "dict"):
        return value.dict(by_alias=True)
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    import collections.abc

    return dict(value) if isinstance(value, collections.abc.Mapping) else {}


def to_json(value, name, as_metric=False):
    """The value as JSON has it; printed once more with all others."""
    try:
        text = json_text(value, default=plain, allow_nan=as_metric)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise Failure('"%s" cannot be published as JSON: %s' % (name, error)) from None
    # NaN and Infinity are common as metrics, and no JSON: they become text.
    return from_json(text)


def plain(value):
    """What json does not know, as something that it does."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if hasattr(value, "__fields__") and hasattr(value, "json"):
        return from_json(value.json(by_alias=True))
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, (set, frozenset)):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__module__ in ("pathlib", "decimal", "uuid", "fractions") or hasattr(value, "__fspath__"):
        return str(value)
    if hasattr(value, "name") and hasattr(value, "value"):
        return value.value
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        return value.item()
    if hasattr(value, "tolist"):
        return value.tolist()
    import collections.abc

    if isinstance(value, collections.abc.Mapping):
        return dict(value)
    raise TypeError("a %s is no JSON (kind: object publishes it as it is)" % type(value).__name__)


def dump_object(value, name, file):
    import pickle

    try:
        with open(file, "wb") as content:
            pickle.dump(value, content, protocol=4)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError) as error:
        raise Failure('"%s" cannot be pickled: %s' % (name, error)) from None
