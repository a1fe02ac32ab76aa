"""The application in which commands run."""

from tests.api.conftest import app, made

__all__ = ["app", "made"]
