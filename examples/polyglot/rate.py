"""Rates words. Needs nothing but Python's standard library; weft_tasks comes with the worker."""

from statistics import mean

from weft_tasks import TaskError, task


@task
def rate(counts, ctx):
    if not counts:
        raise TaskError("there are no words", code="no_words", retryable=False)
    rated = []
    for number, (word, count) in enumerate(sorted(counts.items())):
        rated.append((count * len(word), word))
        ctx.progress({"done": number + 1, "of": len(counts)})
    best, word = max(rated)
    print("the best of %d words is %s" % (len(rated), word))
    return {"best": word, "points": best, "mean": round(mean(points for points, _ in rated), 2)}
