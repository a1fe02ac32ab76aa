"""Public holidays of countries and their parts, by the `holidays` package (E62)."""

from datetime import date
from functools import cache

# Calendars that follow the moon are estimates in later years.
YEARS = range(2000, 2061)


@cache
def dates(country: str) -> frozenset[date]:
    """Return the public holidays of a country such as DE, or of a part of it such as DE-BY."""
    # Most accounts name no country, and the package takes a tenth of a second to load.
    import holidays

    code, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(code, subdiv=part or None, years=YEARS))


def is_known(country: str) -> bool:
    """Return whether the package has the holidays of this country and part, in capital letters."""
    import holidays

    code, dash, part = country.partition("-")
    parts = holidays.list_supported_countries().get(code)
    return parts is not None and (part in parts if dash else True)
