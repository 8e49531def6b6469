"""What a file of tasks imports: from weft_tasks import task, TaskError. Needs nothing but Python 3.8's standard library."""

__all__ = ["Context", "TaskError", "task"]


def task(function=None, *, name=None):
    """Marks a function as one that a workflow may call, by its own name or another: @task or @task(name="other")."""

    def mark(marked):
        marked.__weft_task__ = name or marked.__name__
        return marked

    return mark if function is None else mark(function)


class TaskError(Exception):
    """Fails the attempt with a code (snake_case) of its own; retryable=False ends it, retry_after_ms asks for a pause."""

    def __init__(self, message, code="python_failed", retryable=True, retry_after_ms=None):
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms


class Context:
    """What a task gets as its parameter `ctx`, if it has one: whose attempt it is, and what it may tell while it runs."""

    def __init__(self, call, say):
        self.run_id = call["runId"]
        self.task_id = call["taskId"]
        self.attempt = call["attempt"]
        self.idempotency_key = call["idempotencyKey"]
        self._say = say

    def log(self, level, message, **fields):
        """A line for the worker's log; level is debug, info, warn or error."""
        self._say({"log": {"level": level, "message": str(message), "fields": fields}})

    def heartbeat(self):
        """Says "still alive"."""
        self._say({"heartbeat": True})

    def progress(self, value):
        """Says how far it is, and that it is alive."""
        self._say({"progress": value})

    def emit(self, data):
        """Tells watchers something at once."""
        self._say({"custom": data})

    def token(self, text, **metadata):
        """Tells watchers a piece of a text."""
        self._say({"token": text, "metadata": metadata})
