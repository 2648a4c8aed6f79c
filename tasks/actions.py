"""The actions that rules can name. Every action is one file in `tasks/act/actions/` with the action's name.

The file's class derived from `Action` has the parameters that a rule can set. Rules are checked against these classes.
Every destination of an effect (folder, endpoint, block, table, deployment) is named by the operator in a rule. No field
is ever filled from a mail or by a model.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, reduce
from operator import or_
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

# A name and not an import: files that all stages share must not import a stage.
_PACKAGE = "tasks.act.actions"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
"""What operators may call an endpoint or a table."""


class Action(BaseModel):
    """One thing to do. `hold` keeps it until a person has approved exactly what was shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    needs_bytes: ClassVar[bool] = True
    """Whether planning it looks at the mail's own bytes."""

    action: str
    hold: bool = False

    @property
    def is_mark(self) -> bool:
        """Whether it only marks the mail for people, so that it is done even where the answer is doubtful."""
        return False


class Written(Action):
    """An action that sends or stores a model's text."""

    sender_links: bool = Field(
        False, description="Whether it may name hosts of the mail's own domain and its sender, where both are verified."
    )


@cache
def action_types() -> dict[str, type[Action]]:
    """The class of every action, by its name, which is its file's name.

    Raises:
        ValueError: A file in the package has no action of its name.
    """
    package = importlib.import_module(_PACKAGE)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: _type_in(importlib.import_module(f"{_PACKAGE}.{name}"), name) for name in names}


def _type_in(module: ModuleType, name: str) -> type[Action]:
    found = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Action)]
    for kind in found:
        if get_args(kind.model_fields["action"].annotation) == (name,):
            return kind
    raise ValueError(f'`{_PACKAGE}.{name}` has no class derived from `Action` whose `action` is Literal["{name}"].')


class _OneOfAll:
    """Has pydantic take any of the actions there are, told apart by `action`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        any_of: Any = reduce(or_, action_types().values())
        return handler.generate_schema(Annotated[any_of, Field(discriminator="action")])


if TYPE_CHECKING:
    AnyAction = Action
else:
    AnyAction = _OneOfAll


@cache
def _adapter() -> TypeAdapter[Action]:
    return TypeAdapter(AnyAction)


def read_action(parameters: dict[str, Any]) -> Action:
    """The action in a row of `Decisions.actions`.

    Raises:
        ValidationError: It names no action, or a parameter that action does not have.
    """
    return _adapter().validate_python(parameters)
