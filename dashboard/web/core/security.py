"""Security headers of every answer, session cookies, and the token against forged forms."""

from http import HTTPStatus

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import current_user
from flask_wtf import CSRFProtect

from dashboard.services.accounts import sessions

csrf = CSRFProtect()

# No inline script or style, no eval, no other origins. Scripts may still set single properties of a style.
POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
YEAR = 31_536_000


class SessionCookies(SecureCookieSessionInterface):
    """Session cookies that are marked Secure if the page came by HTTPS, and that no page renews after the session."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Ask whose session it is before its cookie is written: if it has ended, nothing is left of it to write.

        With a new date, the cookie would outlive the note of the end. A failed request writes none: a store may fail.
        """
        if not session.modified:
            super().save_session(app, session, response)
        elif response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            current_user._get_current_object()
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Configure the cookies, the tokens and the headers."""
    app.session_interface = SessionCookies()
    app.config.update(
        SESSION_COOKIE_NAME="evenhand",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=sessions.LASTS_FOR,
        # Set the cookie only when it changes: a poll that ends after the log-out must not restore the session.
        SESSION_REFRESH_EACH_REQUEST=False,
        # Pages stay open all day, so a token is valid as long as its session.
        WTF_CSRF_TIME_LIMIT=None,
        # Calls of the API have no cookie, so only the pages check tokens (refuse_forged_forms).
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    csrf.init_app(app)
    app.after_request(_harden)


def refuse_forged_forms() -> None:
    """Refuse a form without the token of its page."""
    csrf.protect()


def _harden(response: Response) -> Response:
    """Add the headers that the view did not set."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response
