"""Runs tasks of one module for a worker: calls come as lines of JSON on standard input, what happens goes out on descriptor 3.

  in   {"source": text} first, where the module is a text; then {"call": {"function", "args", "runId", "taskId", "attempt", "idempotencyKey"}}
  out  {"log": {"level", "message", "fields"}}  {"heartbeat": true}  {"progress"}  {"custom"}  {"token", "metadata"}
       {"result": value, "leftovers": n}  or  {"error": {"type", "message", "trace", "code", "retryable", "retryAfterMs"}, "leftovers": n}

Only the standard library is used. When standard input ends, the worker is gone and the whole process group ends.
"""

import importlib
import importlib.util
import inspect
import io
import json
import linecache
import os
import queue
import signal
import sys
import threading
import traceback

TRACE_CHARS = 2000
MESSAGES = 3
SUBREAPER = 36


class Stopped(BaseException):
    """The attempt is to end: raised in the task, past every `except Exception`."""


class Failure(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.retryable = code, False


_lock = threading.Lock()


def say(message):
    """Writes a line, whole: a pipe takes as much as there is room for."""
    line = memoryview((json.dumps(message, allow_nan=False, ensure_ascii=True) + "\n").encode())
    with _lock:
        while line:
            line = line[os.write(MESSAGES, line):]


class Told(io.TextIOBase):
    """Standard output and error of Python code: told in order with everything else."""

    def __init__(self, stream, most=1024 * 1024):
        self.stream, self.left, self.most = stream, most, most

    def writable(self):
        return True

    def write(self, text):
        kept = text[: self.left]
        self.left -= len(kept)
        for at in range(0, len(kept), 16384):
            say({"token": kept[at : at + 16384], "metadata": {"stream": self.stream}})
        return len(text)


def load(kind, where):
    """The module of the tasks: imported by name, or made of a file or a text."""
    if kind == "module":
        return importlib.import_module(where)
    if kind == "source":
        name, text = "<source>", where
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        module = type(sys)("weft_source")
        exec(compile(text, name, "exec"), module.__dict__)
        return module
    sys.path.insert(0, os.path.dirname(where))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(where))[0], where)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def find(module, name):
    tasks = {f.__weft_task__: f for f in vars(module).values() if callable(f) and hasattr(f, "__weft_task__")}
    if name is None and len(tasks) == 1:
        return next(iter(tasks.values()))
    if name in tasks:
        return tasks[name]
    known = ", ".join(sorted(tasks)) or "none: mark functions with @task"
    raise Failure("python_no_task", "which task is meant? There are: " + known if name is None else "there is no task %r; there are: %s" % (name, known))


def invoke(function, args, context):
    positional, named = (args, {}) if isinstance(args, list) else ([], dict(args))
    parameters = inspect.signature(function).parameters
    if "ctx" in parameters:
        named["ctx"] = context
    try:
        inspect.signature(function).bind(*positional, **named)
    except TypeError as error:
        raise Failure("invalid_input", "the arguments do not fit: %s" % error)
    return function(*positional, **named)


def described(error):
    """An error as the worker takes it; a trace without the lines of this file."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and not frame.filename.startswith("<frozen ")]
    trace = "".join(traceback.format_list(own) + traceback.format_exception_only(type(error), error))
    found = {"type": type(error).__name__, "message": str(error)[:2000], "trace": trace[-TRACE_CHARS:]}
    if isinstance(error, MemoryError):
        return dict(found, code="out_of_memory", retryable=False)
    for key, name, kind in (("code", "code", str), ("retryable", "retryable", bool), ("retry_after_ms", "retryAfterMs", (int, float))):
        value = getattr(error, key, None)
        if isinstance(value, kind):
            found[name] = value
    return found


def encoded(result):
    try:
        text = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Failure("output_not_json", str(error))
    return json.loads(text)


def children():
    found = []
    for thread in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/children" % thread) as file:
            found += [int(pid) for pid in file.read().split()]
    return found


def end_leftovers():
    """Ends what the task has left running; orphans come to this process, since it reaps them."""
    ended = set()
    try:
        for _ in range(100):
            left = children()
            if not left:
                break
            for pid in left:
                ended.add(pid)
                os.kill(pid, signal.SIGKILL)
            for pid in left:
                os.waitpid(pid, 0)
    except (OSError, ChildProcessError):
        pass  # Elsewhere than on Linux nobody tells, and the process group ends later.
    return len(ended)


def serve(module_of, call, context_of):
    sys.stdout, sys.stderr = Told("stdout"), Told("stderr")
    try:
        function = find(module_of(), call.get("function"))
        outcome = {"result": encoded(invoke(function, call.get("args") or {}, context_of(call, say)))}
    except (Stopped, SystemExit):
        raise
    except BaseException as error:
        outcome = {"error": described(error)}
    say(dict(outcome, leftovers=end_leftovers()))


def stop(_signal, _frame):
    raise Stopped()


def read_calls(inbox, into):
    for line in inbox:
        into.put(json.loads(line))
    # The worker holds the other end: without it nobody waits for a result.
    os.killpg(0, signal.SIGKILL)


def limit(memory_mb):
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        most = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    except (ImportError, ValueError, OSError):
        pass  # The worker watches as well.


def reap_orphans():
    try:
        import ctypes

        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # Only Linux has it.


def main():
    kind, where, memory_mb = sys.argv[1], sys.argv[2], int(sys.argv[3])
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, here)
    from weft_tasks import Context

    # Tasks must neither read the calls nor write between the messages.
    inbox = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    reap_orphans()
    limit(memory_mb)
    signal.signal(signal.SIGTERM, stop)
    calls = queue.Queue()
    threading.Thread(target=read_calls, args=(inbox, calls), daemon=True).start()
    loaded = []

    def module_of():
        if not loaded:
            try:
                loaded.append(load(kind, where))
            except (ImportError, SyntaxError, OSError) as error:
                error.code, error.retryable = "python_invalid", False
                raise
        return loaded[0]

    if kind == "source":
        where = calls.get()["source"]
    while True:
        serve(module_of, calls.get()["call"], Context)


if __name__ == "__main__":
    try:
        main()
    except Stopped:
        os._exit(143)
