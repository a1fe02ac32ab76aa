"""The features that all pages share: a token against forged forms, error pages, and the log-in."""

from flask import Blueprint

from dashboard import http
from dashboard.web.core import auth, errors, security


def all_pages(*nouns: Blueprint) -> Blueprint:
    """Return the blueprint of all pages; its name is the prefix of their endpoints."""
    web = Blueprint("web", "dashboard.web")
    web.before_request(http.refuse_endless_forms)
    web.before_request(security.refuse_forged_forms)
    errors.handle_in(web)
    for noun in nouns:
        web.register_blueprint(noun)
    return web


def pages_of(noun: str, *, public: bool = False) -> Blueprint:
    """Return the blueprint of a resource's pages; only public ones are visible without a log-in."""
    pages = Blueprint(noun, "dashboard.web")
    if not public:
        pages.before_request(auth.require_log_in)
    return pages
