"""Finds the arguments of a call among the parameters and objects. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


def bind(function, command, parameters, objects):
    """The arguments of the call: (positional only, by name)."""
    arguments, rest_name = signature(function)
    hints = hints_of(function, arguments)
    positional, named, missing = [], {}, []
    used = set()
    namespaces = []
    gap = False
    for name, only_positional, required in arguments:
        annotation = hints.get(name)
        if is_namespace(annotation):
            namespaces.append((name, len(positional) if only_positional else None))
            if only_positional:
                positional.append(None)
            continue
        if name in objects:
            value = objects.load(name)
        elif name in parameters:
            value = parameters[name]
            if annotation is not None and annotation is not type(value):
                value = part("convert")(value, annotation, 'parameter "%s"' % name)
        elif required:
            missing.append(name)
            continue
        else:
            # What comes after it by position keeps its default too.
            gap = gap or only_positional
            continue
        if only_positional and gap:
            continue
        used.add(name)
        if only_positional:
            positional.append(value)
        else:
            named[name] = value
    if missing:
        names = ", ".join('"%s"' % name for name in missing)
        raise Failure("%s needs the parameter%s %s, which no step has set" % (command, "s" if len(missing) > 1 else "", names))
    if namespaces or rest_name:
        rest = {name: value for name, value in parameters.items() if name not in used}
        others = [name for name in objects if name not in used]
        for name, position in namespaces:
            if position is None:
                named[name] = part("new_namespace")(rest, objects, others)
            else:
                positional[position] = part("new_namespace")(rest, objects, others)
        if rest_name and not namespaces:
            named.update(rest)
            named.update((name, objects.load_or_stand_in(name)) for name in others)
    return positional, named


def signature(function):
    """([(name, only by position, required)], has **kwargs). Read from the code object where that tells all."""
    if type(function) is not type(signature) or hasattr(function, "__wrapped__"):
        return inspected(function)
    code = function.__code__
    names = code.co_varnames
    count = code.co_argcount
    optional = count - len(function.__defaults__ or ())
    arguments = [(names[i], i < code.co_posonlyargcount, i < optional) for i in range(count)]
    defaults = function.__kwdefaults__ or {}
    for name in names[count : count + code.co_kwonlyargcount]:
        arguments.append((name, False, name not in defaults))
    return arguments, bool(code.co_flags & 0x08)


def inspected(function):
    inspect = standard("inspect")
    arguments, rest = [], False
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], False
    for one in parameters:
        if one.kind is one.VAR_KEYWORD:
            rest = True
        elif one.kind is not one.VAR_POSITIONAL:
            arguments.append((one.name, one.kind is one.POSITIONAL_ONLY, one.default is one.empty))
    return arguments, rest


def hints_of(function, arguments):
    source = function
    while hasattr(source, "__wrapped__"):
        source = source.__wrapped__
    if type(source) is not type(signature):
        # Classes, partials, objects with __call__.
        source = getattr(source, "func", None) or (source.__init__ if isinstance(source, type) else getattr(source, "__func__", None) or type(source).__call__)
    annotations = getattr(source, "__annotations__", None)
    if not annotations:
        return {}
    if not any(isinstance(annotation, str) for annotation in annotations.values()):
        return annotations
    typing = standard("typing")
    try:
        return typing.get_type_hints(source)
    except Exception:
        # A name that exists for type checkers only: those arguments get the JSON value.
        return {name: hint for name, hint in annotations.items() if not isinstance(hint, str) or hint == "argparse.Namespace"}


def is_namespace(annotation):
    if annotation == "argparse.Namespace":
        return True
    return getattr(annotation, "__module__", None) == "argparse" and getattr(annotation, "__name__", None) == "Namespace"
