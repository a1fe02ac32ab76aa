"""Mail, sent by the server that SMTP_URL names."""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from smtplib import SMTP, SMTP_SSL, SMTPNotSupportedError
from urllib.parse import parse_qs, unquote, urlsplit

PORTS = {"smtp": 587, "smtps": 465}
# Of each step with the server. A job has two minutes.
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server, and the sender of the mails; with `is_encrypted` the connection begins with TLS."""

    host: str
    port: int
    is_encrypted: bool
    user: str
    password: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in plain text to one address."""

    to: str
    subject: str
    text: str


def server_of(url: str) -> MailServer:
    """Return the server of an address such as smtp://user:password@mail.example:587?from=evenhand@example.com.

    Raises ValueError.
    """
    parts = urlsplit(url)
    [sender] = parse_qs(parts.query, strict_parsing=True)["from"]
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or "@" not in sender:
        raise ValueError("no address of a mail server with ?from=")  # without the password in it
    return MailServer(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        is_encrypted=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=sender,
    )


def send(server: MailServer, mail: Mail) -> None:
    """Send a mail. Raises OSError, which includes SMTPException."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = server.sender, mail.to, mail.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=server.sender.rpartition("@")[2])
    message.set_content(mail.text)
    with _connect(server) as smtp:
        if server.user:
            smtp.login(server.user, server.password)
        smtp.send_message(message)


def _connect(server: MailServer) -> SMTP:
    """Return a connection, encrypted if the server can; a password is never sent over one that is not."""
    trusted = ssl.create_default_context()
    if server.is_encrypted:
        return SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=trusted)
    smtp = SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    smtp.ehlo()
    if smtp.has_extn("starttls"):
        smtp.starttls(context=trusted)
    elif server.user:
        smtp.close()
        raise SMTPNotSupportedError("The mail server offers no encryption, so that no password is sent to it.")
    return smtp
