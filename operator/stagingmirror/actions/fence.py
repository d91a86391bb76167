"""The fence of a rollback: a write that another process judged before, and that only arrives now,
must meet a 409. Whoever took the step may not know yet that it does not lead any more.
"""

from stagingmirror.actions.step import Task, Underway
from stagingmirror.actions.tools import Tools

# What a rollback notes once its object is fenced.
FENCED = "fenced"


async def fence(task: Task, tools: Tools, namespace: str, path: str) -> Underway:
    """Mark an object that holds its former state already."""
    await tools.writer.touch(namespace, path, mark=True)
    return Underway("is fenced", after={**task.after, FENCED: True})


async def hand_back(task: Task, tools: Tools, namespace: str, path: str) -> None:
    """Take the mark off an object that is as before, and give its owner the fields back."""
    if FENCED in task.after:
        await tools.writer.touch(namespace, path, mark=False)
    await tools.writer.give_back(namespace, path, task.before["ours"])
