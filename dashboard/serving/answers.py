"""Responses, written by waitress's threads."""

import json

from waitress.task import ErrorTask, Task, WSGITask

# In the format of the API's errors (dashboard/api/core/errors.py).
SENTENCES = {
    400: "The request is malformed, or its body is shorter than announced.",
    413: "The body is larger than 1 MiB.",
    431: "The head of the request is too long.",
    501: "This transfer encoding is not supported.",
}
OTHERWISE = "Something went wrong on our side; it is in the log."


class Noted(Task):
    """A task that notifies its connection when the response is ready."""

    def service(self) -> None:
        """Answer the request."""
        try:
            super().service()
        finally:
            self.channel.note_answer()


class ResponseTask(Noted, WSGITask):
    """The application's response."""

    def set_close_on_finish(self) -> None:
        """Keep the connection open after a response without a body; waitress would close it after every 204 and 304."""
        wants_to_close = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or self.version != "1.1" or wants_to_close:
            super().set_close_on_finish()


class Refusal(Noted, ErrorTask):
    """The response to a request that does not reach the application."""

    def execute(self) -> None:
        """Write one sentence and close the connection."""
        error = self.request.error
        body = json.dumps({"error": SENTENCES.get(error.code, OTHERWISE)}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)
