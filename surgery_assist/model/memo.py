"""Remembering what was worked out about a value that is the same object as before."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

_KEPT: Final = 24

Subject = TypeVar("Subject")
Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")


def remembered(
    function: Callable[Concatenate[Subject, Rest], Answer],
) -> Callable[Concatenate[Subject, Rest], Answer]:
    """Keep the latest answers of a pure function.

    The first argument is told by its identity, further ones (positional, hashable) by value: to
    hash a display set with a thousand frames takes longer than most answers.
    """
    kept: OrderedDict[Hashable, tuple[Subject, Answer]] = OrderedDict()

    @wraps(function)
    def ask(subject: Subject, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
        key = (id(subject), args, tuple(kwargs.items()))
        found = kept.get(key)
        if found is not None and found[0] is subject:
            return found[1]
        answer = function(subject, *args, **kwargs)
        # The subject is kept with its answer, so that no other object gets its id meanwhile.
        kept[key] = (subject, answer)
        while len(kept) > _KEPT:
            kept.popitem(last=False)
        return answer

    return ask
