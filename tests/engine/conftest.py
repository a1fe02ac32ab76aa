"""The engine's tests are run at every save: few examples each, all of them in under a second."""

from hypothesis import settings

settings.register_profile("engine", max_examples=20, deadline=None, database=None)
settings.load_profile("engine")
