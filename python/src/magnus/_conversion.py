"""Makes of a JSON value what an argument's annotation wants. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


def convert(value, annotation, what):
    """The JSON value as the annotation wants it."""
    if annotation is None or annotation is type(value) and annotation in (int, float, str, bool):
        return value
    simple = SIMPLE.get(annotation) if isinstance(annotation, type) else None
    if simple is not None:
        try:
            return simple(value)
        except (TypeError, ValueError):
            raise Failure("%s is %s, which is not a valid %s" % (what, shown(value), annotation.__name__)) from None
    return convert_other(value, annotation, what)


def to_int(value):
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError
        return int(value)
    return value if isinstance(value, int) else int(from_text(value))


def to_complex(value):
    return complex(value if isinstance(value, str) else to_float(value))


def to_float(value):
    if isinstance(value, bool):
        raise ValueError
    return float(value) if isinstance(value, (int, float)) else float(from_text(value))


def from_text(value):
    if not isinstance(value, str):
        raise ValueError
    return value


def to_str(value):
    if isinstance(value, str):
        return value
    if value is None:
        raise ValueError
    return exact_text(value)


def exact_text(value):
    """JSON with the texts of numbers as they were given."""
    if isinstance(value, float):
        return number_texts[id(value)][1] if id(value) in number_texts else json_text(value)
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(exact_text, value))
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (json_text(key), exact_text(entry)) for key, entry in value.items())
    return json_text(value)


def to_bool(value):
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else value
    if word in ("true", "yes", "on", "1", 1):
        return True
    if word in ("false", "no", "off", "0", 0):
        return False
    raise ValueError


def to_list(value):
    if isinstance(value, list):
        return value
    raise ValueError


def to_dict(value):
    if isinstance(value, dict):
        return value
    raise ValueError


SIMPLE = {
    int: to_int,
    float: to_float,
    str: to_str,
    bool: to_bool,
    list: to_list,
    dict: to_dict,
    tuple: lambda value: tuple(to_list(value)),
    set: lambda value: set(to_list(value)),
    frozenset: lambda value: frozenset(to_list(value)),
    bytes: lambda value: from_text(value).encode("utf-8"),
    complex: to_complex,
}


def convert_other(value, annotation, what):
    typing = standard("typing")
    if annotation is typing.Any:
        return value
    origin = typing.get_origin(annotation)
    if origin is not None:
        return convert_generic(value, annotation, origin, typing.get_args(annotation), what)
    if annotation is type(None):
        if value is None:
            return None
        raise Failure("%s is %s, which is not null" % (what, shown(value)))
    if not isinstance(annotation, type):
        supertype = getattr(annotation, "__supertype__", None)
        return value if supertype is None else convert(value, supertype, what)
    if hasattr(annotation, "model_validate"):
        return validated(annotation.model_validate, value, annotation, what)
    if hasattr(annotation, "__get_pydantic_core_schema__"):
        return validated(__import__("pydantic").TypeAdapter(annotation).validate_python, value, annotation, what)
    if hasattr(annotation, "parse_obj") and hasattr(annotation, "__fields__"):
        return validated(annotation.parse_obj, value, annotation, what)
    if hasattr(annotation, "__dataclass_fields__"):
        return to_dataclass(value, annotation, what)
    if issubclass(annotation, tuple) and hasattr(annotation, "_fields"):
        return to_named_tuple(value, annotation, what)
    return convert_class(value, annotation, what)


def convert_generic(value, annotation, origin, args, what):
    typing = standard("typing")
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        return convert_union(value, args, what)
    if getattr(annotation, "__metadata__", None) is not None:
        return convert(value, annotation.__origin__, what)
    if origin is getattr(typing, "Literal", None):
        for choice in args:
            if choice == value and type(choice) is type(value):
                return choice
        raise Failure("%s is %s, which is not one of %s" % (what, shown(value), ", ".join(map(repr, args))))
    abc = standard("collections.abc")
    if is_array(origin):
        # NDArray[T] is ndarray[shape, dtype[T]].
        return to_array(value, origin, what, (typing.get_args(args[-1]) or (None,))[0])
    if origin is tuple:
        items = check(value, list, what, "list")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(convert(item, args[0], "%s[%d]" % (what, i)) for i, item in enumerate(items))
        if args and len(args) != len(items):
            raise Failure("%s has %d items, but needs %d" % (what, len(items), len(args)))
        return tuple(convert(item, args[i] if args else None, "%s[%d]" % (what, i)) for i, item in enumerate(items))
    if isinstance(origin, type) and issubclass(origin, abc.Mapping):
        entries = check(value, dict, what, "mapping")
        key, item = args if len(args) == 2 else (None, None)
        return {convert(k, key, "a key of " + what): convert(v, item, "%s[%s]" % (what, json_text(k))) for k, v in entries.items()}
    if isinstance(origin, type) and issubclass(origin, abc.Iterable) and origin is not type:
        items = check(value, list, what, "list")
        made = [convert(item, args[0] if args else None, "%s[%d]" % (what, i)) for i, item in enumerate(items)]
        return origin(made) if origin in (set, frozenset, list) else made
    return value


def convert_union(value, args, what):
    for choice in args:
        if choice is type(value) or value is None and choice is type(None):
            return value
    # Exact types are gone: what converts first, without a detour over text, wins.
    failures = []
    for choice in sorted(args, key=lambda one: one is str):
        if choice is type(None):
            continue
        try:
            return convert(value, choice, what)
        except Failure as failure:
            failures.append(str(failure))
    raise Failure(failures[0] if len(failures) == 1 else "%s is %s, which fits none of its types" % (what, shown(value)))


def validated(validate, value, annotation, what):
    try:
        return value if isinstance(value, annotation) else validate(value)
    except ValueError as error:
        raise Failure("%s is not a valid %s: %s" % (what, annotation.__name__, " ".join(str(error).split()))) from None


def to_dataclass(value, annotation, what):
    dataclasses = standard("dataclasses")
    entries = check(value, dict, what, "mapping")
    hints = field_hints(annotation)
    fields = {field.name: field for field in dataclasses.fields(annotation) if field.init}
    unknown = [name for name in entries if name not in fields]
    if unknown:
        raise Failure('%s has "%s", which %s has not' % (what, unknown[0], annotation.__name__))
    made = {name: convert(entry, hints.get(name), '%s["%s"]' % (what, name)) for name, entry in entries.items()}
    try:
        return annotation(**made)
    except TypeError as error:
        raise Failure("%s is not a valid %s: %s" % (what, annotation.__name__, error)) from None


def field_hints(annotation):
    typing = standard("typing")
    try:
        return typing.get_type_hints(annotation)
    except Exception:
        return {}


def to_named_tuple(value, annotation, what):
    """From a mapping, or from a list in the order of its fields."""
    hints = field_hints(annotation)
    entries = value if isinstance(value, dict) else dict(zip(annotation._fields, check(value, list, what, "mapping or list")))
    if len(entries) < len(value):
        raise Failure("%s has %d items, %s has %d" % (what, len(value), annotation.__name__, len(entries)))
    made = {name: convert(entry, hints.get(name), '%s["%s"]' % (what, name)) for name, entry in entries.items()}
    try:
        return annotation(**made)
    except TypeError as error:
        raise Failure("%s is not a valid %s: %s" % (what, annotation.__name__, error)) from None


def convert_class(value, annotation, what):
    enum = standard("enum")
    try:
        if isinstance(value, annotation):
            return value
    except TypeError:
        # Typed dictionaries and protocols.
        return value
    try:
        if issubclass(annotation, enum.Enum):
            named = isinstance(value, str) and annotation.__members__.get(value)
            return named if named else annotation(value)
        if annotation.__module__ in ("pathlib", "decimal", "uuid", "fractions") and isinstance(value, (str, int, float)):
            return annotation(to_str(value))
        if annotation is os.PathLike:
            return standard("pathlib").Path(from_text(value))
        if hasattr(annotation, "fromisoformat") and isinstance(value, str):
            return annotation.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
        for kind in annotation.__mro__[1:-1]:
            # A class of the user's own that is a text, a number, a list or a mapping; NumPy's float64.
            if kind in SIMPLE:
                return annotation(SIMPLE[kind](value))
        if isinstance(value, (int, float)) and annotation.__module__ == "numpy" and hasattr(annotation, "dtype"):
            return same_number(annotation(value), value)
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        raise Failure("%s is %s, which is not a valid %s" % (what, shown(value), annotation.__name__)) from None
    if is_array(annotation):
        return to_array(value, annotation, what)
    # The function would get a list or a text where it says that it takes something else.
    kind = KINDS.get(type(value))
    if kind is None:
        raise Failure("%s is null, which is not a valid %s" % (what, annotation.__name__))
    message = "%s is %s, which cannot become a %s: annotate it as %s, or keep the object where it is made (kind: object)"
    raise Failure(message % (what, shown(value), annotation.__name__, kind))


KINDS = {str: "str", bool: "bool", int: "int", float: "float", list: "list", dict: "dict"}


def is_array(annotation):
    return getattr(annotation, "__module__", None) == "numpy" and getattr(annotation, "__name__", None) == "ndarray"


def to_array(value, annotation, what, scalar=None):
    """Of numbers, of booleans, of texts; a list of several lengths, or with null in it, is none."""
    numpy = sys.modules["numpy"]
    try:
        found = numpy.array(check(value, list, what, "list"))
        if found.dtype.kind not in "biufU" or found.tolist() != value:
            raise ValueError
        if not isinstance(scalar, type) or not issubclass(scalar, numpy.generic) or scalar.__subclasses__():
            return found
        made = found.astype(scalar)
        same = numpy.allclose(made, found, rtol=0.01) if made.dtype.kind in "fc" else numpy.array_equal(made, found)
        if not same:
            raise ValueError
        return made
    except (TypeError, ValueError, OverflowError):
        of = " of " + scalar.__name__ if isinstance(scalar, type) else ""
        raise Failure("%s is %s, which cannot become an array%s" % (what, shown(value), of)) from None


def same_number(made, value):
    if made != value and abs(made - value) > 1e-6 * abs(value):
        raise ValueError
    return made


def check(value, kind, what, name):
    if isinstance(value, kind):
        return value
    raise Failure("%s is %s, which is not a valid %s" % (what, shown(value), name))


def shown(value):
    text = json_text(value)
    return text if len(text) <= 60 else text[:57] + "..."
