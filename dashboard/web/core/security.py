"""What every answer tells the browser to refuse, and the token against forged forms."""

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect

from dashboard.services.accounts import sessions

csrf = CSRFProtect()

# No inline script or style, no eval, nothing from elsewhere. Scripts may still set single properties of a style.
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
    """Session cookies that are for https only where the page came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether this answer's cookie is marked Secure."""
        return request.is_secure


def init_app(app: Flask) -> None:
    """Set the cookies, the tokens and the headers."""
    app.session_interface = SessionCookies()
    app.config.update(
        SESSION_COOKIE_NAME="evenhand",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=sessions.LASTS_FOR,
        # Set only when it changes: a poll answered after the log-out must not bring the session back.
        SESSION_REFRESH_EACH_REQUEST=False,
        # Pages stay open all day, so a token is good as long as its session.
        WTF_CSRF_TIME_LIMIT=None,
        # Other programs bring no cookie: only the pages ask for tokens (refuse_forged_forms).
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    csrf.init_app(app)
    app.after_request(_harden)


def refuse_forged_forms() -> None:
    """Let a form in only with the token that its page was given."""
    csrf.protect()


def _harden(response: Response) -> Response:
    """Add what the view did not say itself."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response
