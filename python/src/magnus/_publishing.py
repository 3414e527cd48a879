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
        remedy = "use it in a `with` of a function of its own"
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
        text = json_text(value, default=plain, allow_nan=as_metric)
        # NaN and Infinity are common as metrics, and no JSON: they become text.
        return from_json(text, Distinct)
    except SameKey as same:
        keys = " and ".join(colliding_keys(value, str(same)))
        message = "the keys %s of a dictionary become the same key of JSON" % keys
    except Exception as error:
        message = str(error)
    raise Failure('"%s" cannot be published as JSON: %s' % (name, message)) from None


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


def colliding_keys(value, text):
    """The keys of a dictionary in the value that are printed as this text, where there are several; as Python writes them."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            keys = [key for key in one if (key if isinstance(key, str) else json_text(key)) == text]
            if len(keys) > 1:
                return list(map(repr, keys))
            waiting.extend(one.values())
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting.extend(one)
        elif not isinstance(one, (str, int, float, type(None))):
            waiting.append(plain(one))
    return []


def plain(value):
    """What json does not know, as something that it does. By what the type has: a table may have any attribute, by its columns."""
    kind = type(value)
    if isinstance(value, type):
        raise TypeError("a class is no JSON")
    if hasattr(kind, "model_dump"):
        return in_order(value.model_dump(mode="json", by_alias=True), value.model_dump(by_alias=True))
    if hasattr(kind, "__fields__") and hasattr(kind, "json"):
        return in_order(from_json(value.json(by_alias=True)), value.dict(by_alias=True))
    if hasattr(kind, "__dataclass_fields__"):
        return fields_of(value)
    if isinstance(value, (set, frozenset)):
        return sorted_items(value)
    if hasattr(kind, "isoformat") and kind.__name__ != "NaTType":
        return value.isoformat()
    if kind.__module__ in ("decimal", "uuid", "fractions"):
        return str(value)
    if hasattr(kind, "__fspath__"):
        return os.fspath(value)
    if isinstance(value, standard("enum").Enum):
        return value.value
    if hasattr(kind, "tolist") or hasattr(kind, "item") and getattr(value, "ndim", None) == 0:
        return items_of(value, kind)
    if isinstance(value, standard("collections.abc").Mapping):
        return dict(value)
    raise TypeError(no_json(kind))


def no_json(kind):
    return "a %s is no JSON (kind: object publishes it as it is)" % kind.__name__


def sorted_items(values):
    """A set in an order that does not depend on hashes, which differ in every process."""
    if all(type(one) is str for one in values) or all(type(one) in (int, float) for one in values):
        return sorted(values)
    return sorted(values, key=lambda one: json_text(one, default=plain))


def in_order(printed, value):
    """A model as it prints itself, the sets in it in order."""
    if isinstance(value, (set, frozenset)) and isinstance(printed, list):
        return sorted_items(printed)
    if isinstance(value, dict) and isinstance(printed, dict) and len(value) == len(printed):
        return {key: in_order(printed[key], entry) for key, entry in zip(printed, value.values())}
    if isinstance(value, (list, tuple)) and isinstance(printed, list) and len(value) == len(printed):
        return list(map(in_order, printed, value))
    return printed


def items_of(value, kind):
    """Arrays, tensors, series and their scalars, as numbers and lists of them."""
    dtype = getattr(value, "dtype", None)
    letter = getattr(dtype, "kind", "")
    if letter == "M" and kind.__module__.startswith("numpy"):
        return dates_of(value.astype(str).tolist())
    if letter == "m" or getattr(dtype, "names", None):
        raise TypeError("a %s of type %s is no JSON" % (kind.__name__, dtype))
    items = value.tolist() if hasattr(kind, "tolist") else value.item()
    if type(items) is kind:
        raise TypeError(no_json(kind))
    return items


def dates_of(texts):
    """ISO 8601, without zeros behind the seconds."""
    if isinstance(texts, list):
        return list(map(dates_of, texts))
    if texts == "NaT":
        raise TypeError("NaT is no JSON")
    return texts.rstrip("0").rstrip(".") if "." in texts else texts
