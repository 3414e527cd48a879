"""Makes of a function's return value what is published. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


def publish(value, request, result):
    returns = request["returns"]
    returned = result["returned"] = {}
    refuse_unrun(value, request["command"])
    if not returns:
        entries = entries_of(value)
        if entries is None and value is not None:
            kind = type(value).__name__
            warn("%s returned a value of type %s, which is not published: name it under returns, or return a mapping" % (request["command"], kind))
        for name, entry in (entries or {}).items():
            if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
                raise Failure("the function returned the key %r, which cannot be the name of a parameter" % (name,))
            returned[name] = to_json(entry, name)
        return
    metrics = result["metrics"] = {}
    objects = result["objects"] = {}
    warn_of_more(value, [one["name"] for one in returns], request["command"])
    for position, (name, kind, entry) in enumerate(matched(value, returns)):
        if kind == "object":
            objects[name] = "%s.%d.pickle" % (request["result"], position)
            part("dump_object")(entry, name, objects[name])
        elif kind == "metric":
            metrics[name] = to_json(entry, name, as_metric=True)
            returned[name] = metrics[name]
        else:
            returned[name] = to_json(entry, name)


def refuse_unrun(value, command):
    """A function with yield gives a generator when it is called, and nothing of its body has run."""
    kind = type(value)
    if kind.__name__ in ("_GeneratorContextManager", "_AsyncGeneratorContextManager"):
        remedy = "use it in a `with` in its own function"
    elif kind.__name__ in ("generator", "async_generator") and kind.__module__ == "builtins":
        remedy = "return a list of what it yields, or call it in a function that does what is to be done"
    else:
        return
    raise Failure("%s returned a generator, so nothing of its body has run: %s" % (command, remedy))


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
    entries = entries_of(value) or {}
    missing = [name for name in names if name not in entries]
    if missing:
        kind = "a " + type(value).__name__ if not entries else 'no "%s"' % missing[0]
        raise Failure("the function returned %s, and returns names %d values" % (kind, len(names)), "missing-output")
    return [(name, kind, entries[name]) for name, kind in zip(names, kinds)]


def warn_of_more(value, names, command):
    """What a mapping has beside the names is not published. Of one name the value is the whole mapping, which may not be meant."""
    entries = entries_of(value) or {}
    if len(names) > 1:
        more = [str(key) for key in entries if key not in names]
        if more:
            warn("%s returned more than returns names, which is not published: %s" % (command, ", ".join(more[:10])))
    elif isinstance(value, dict) and names[0] in entries:
        warn('%s returned a mapping with the key "%s", and the whole mapping is published as "%s": return the value alone, or leave returns out' % (command, names[0], names[0]))


def entries_of(value):
    """A mapping's entries, a dataclass's fields, a model's (by alias); None of anything else."""
    if isinstance(value, dict):
        return value
    kind = type(value)
    if value is None or isinstance(value, (str, int, float, list, tuple, type)):
        return None
    if hasattr(kind, "model_dump"):
        return value.model_dump(by_alias=True)
    if hasattr(kind, "__fields__") and hasattr(kind, "dict"):
        return value.dict(by_alias=True)
    if hasattr(kind, "__dataclass_fields__"):
        return fields_of(value)
    return dict(value) if isinstance(value, standard("collections.abc").Mapping) else None


def fields_of(value):
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def to_json(value, name, as_metric=False):
    """The value as JSON has it; printed once more with all others."""
    try:
        text = json_text(value, default=plain_value, allow_nan=as_metric)
        # NaN and Infinity are common as metrics, and no JSON: they become text.
        return from_json(text, Distinct)
    except SameKey as same:
        keys = " and ".join(part("colliding_keys")(value, str(same)))
        message = "the keys %s of a dictionary become the same key of JSON" % keys
    except Exception as error:
        message = part("misfit")(value, name, as_metric, error)
    raise Failure('"%s" cannot be published as JSON: %s' % (name, message)) from None


def plain_value(value):
    return part("plain")(value)


class SameKey(Failure):
    pass


def distinct(pairs):
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        raise SameKey(next(name for name in names if names.count(name) > 1))
    return entries


class Distinct(Decoding):
    """Of what was printed: JSON's keys are texts, so that 1 and "1" would become one."""

    object_pairs_hook = staticmethod(distinct)
