"""What is told of an exception. Runs in the namespace of _runner.py."""

# ruff: noqa: F821


def traceback_text(error):
    """As Python prints it, without the frames of the runner."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    try:
        traceback = standard("traceback")
        with StandardOnly():
            return "".join(traceback.format_exception(type(error), error, trace))
    except Exception:
        return plain_traceback(error, trace)


def plain_traceback(error, trace):
    lines = ["Traceback (most recent call last):\n"]
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append('  File "%s", line %d, in %s\n' % (code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return "".join(lines) + one_line(error) + "\n"


def hint_of(error, folders):
    """What to know of an import that failed; empty of anything else."""
    if isinstance(error, ModuleNotFoundError):
        return where(folders)
    if isinstance(error, (ImportError, AttributeError)):
        part("find_standard")
        # First the one that the error names.
        names = sorted(names_before_library(), key=lambda name: (name not in str(error), name))
        loaded = [sys.modules[name] for name in names if name in sys.modules]
        hiding = [module for module in loaded if is_before_library(module)]
        if hiding:
            return "Python's own module %s is hidden by %s" % (hiding[0].__name__, hiding[0].__file__)
    return ""
