"""What schemathesis loads beside its configuration."""

import os
from typing import Any

import schemathesis

OWN = {"agent_id": int(os.environ["EVENHAND_ASKED_BY"]), "token_id": int(os.environ["EVENHAND_ASKED_WITH"])}


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Ask what makes sense of the account that is furnished, and nothing that ends the caller's right to ask."""
    if "account_id" in case.path_parameters and case.meta.generation.mode.is_positive:
        case.path_parameters["account_id"] = 1
    for name, own in OWN.items():
        if str(case.path_parameters.get(name)) == str(own):
            case.path_parameters[name] = 1
