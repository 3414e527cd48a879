"""Makes of a value that JSON does not have what stands for it there, or refuses it. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


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


NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def misfit(value, name, as_metric, error):
    """Where in the value the first part is that JSON does not have, and why; `error` is what the printer of JSON said."""
    if isinstance(error, RecursionError) or "Circular" in str(error):
        return str(error)
    waiting = [(value, name)]
    while waiting:
        one, place = waiting.pop()
        where = "" if place == name else place + ": "
        if isinstance(one, float):
            if not as_metric and repr(one) in NO_NUMBERS:
                return where + NO_NUMBERS[repr(one)] + " cannot be written as JSON (return None instead; a metric may be NaN)"
        elif isinstance(one, dict):
            for key, entry in reversed(list(one.items())):
                text = "%s[%r]" % (place, key)
                waiting.append((entry, text))
                if isinstance(key, float) and repr(key) in NO_NUMBERS:
                    return text + ": a key cannot be " + NO_NUMBERS[repr(key)]
        elif isinstance(one, (list, tuple)):
            waiting.extend((one[at], "%s[%d]" % (place, at)) for at in reversed(range(len(one))))
        elif not isinstance(one, (str, int, type(None))):
            try:
                waiting.append((plain(one), place))
            except Exception as why:
                return where + str(why)
    return str(error)


def plain(value):
    """What json does not know, as something that it does. By what the type has: a table may have any attribute, by its columns."""
    kind = type(value)
    if isinstance(value, type):
        raise TypeError("a class cannot be written as JSON")
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
    return "a %s cannot be written as JSON (`kind: object` publishes it unchanged)" % kind.__name__


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
        raise TypeError("a %s of type %s cannot be written as JSON" % (kind.__name__, dtype))
    items = value.tolist() if hasattr(kind, "tolist") else value.item()
    if type(items) is kind:
        raise TypeError(no_json(kind))
    return items


def dates_of(texts):
    """ISO 8601, without zeros behind the seconds."""
    if isinstance(texts, list):
        return list(map(dates_of, texts))
    if texts == "NaT":
        raise TypeError("NaT cannot be written as JSON")
    return texts.rstrip("0").rstrip(".") if "." in texts else texts
