"""Posts a pull request's comment through GitHub's REST API, or updates the one that is there.

Enters: where, which token, the text. Leaves: the comment's address. Source: "REST API endpoints for issue comments" in
GitHub's documentation: a pull request's conversation is that of the issue of its number.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PAGE = 100
"""Comments in an answer, the most that GitHub gives."""
MOST_PAGES = 100
ATTEMPTS = 3
TIMEOUT_SECONDS = 30
_BUSY = {429, 502, 503, 504}
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}", re.ASCII)
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class GitHubError(Exception):
    """GitHub refused or could not be reached; the text is a line and holds no token."""


@dataclass(frozen=True, repr=False)
class PullRequest:
    """A pull request, and the token that may comment on it; `repository` is OWNER/NAME, `author` the token's login."""

    api: str
    repository: str
    number: int
    token: str
    author: str
    pause_seconds: float = 2.0
    """Before a request is tried again."""

    def __post_init__(self) -> None:
        address = urllib.parse.urlsplit(self.api)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
            raise GitHubError(f"{self.api}: a token is sent by https alone")
        if not _REPOSITORY.fullmatch(self.repository):
            raise GitHubError(f"{self.repository!r} is no repository: name it OWNER/NAME")
        if self.number < 1:
            raise GitHubError(f"{self.number} is no pull request")


def post(pull_request: PullRequest, text: str, marker: str) -> str:
    """Make one comment say the text, and return its address.

    The comment that begins with the marker and is the author's own is updated: what others write is left alone,
    whatever it begins with.
    """
    issue = f"/repos/{pull_request.repository}/issues"
    for comment in _comments(pull_request, f"{issue}/{pull_request.number}/comments"):
        own = (comment.get("user") or {}).get("login") == pull_request.author
        if own and str(comment.get("body") or "").startswith(marker):
            answer = _ask(pull_request, "PATCH", f"{issue}/comments/{int(comment['id'])}", {"body": text})
            break
    else:
        answer = _ask(pull_request, "POST", f"{issue}/{pull_request.number}/comments", {"body": text})
    return str(answer.get("html_url", "")) if isinstance(answer, dict) else ""


def _comments(pull_request: PullRequest, path: str) -> Iterator[dict[str, Any]]:
    for page in range(1, MOST_PAGES + 1):
        comments = _ask(pull_request, "GET", f"{path}?per_page={PAGE}&page={page}")
        if not isinstance(comments, list):
            raise GitHubError("GitHub's answer is no list of comments")
        yield from comments
        if len(comments) < PAGE:
            return


def _ask(pull_request: PullRequest, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        pull_request.api.rstrip("/") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {pull_request.token}",
            "Content-Type": "application/json",
            "User-Agent": "hedgerow",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                # A POST that was answered by a gateway may have been done: a second one would be a second comment.
                if attempt < ATTEMPTS and error.code in _BUSY and method != "POST":
                    time.sleep(pull_request.pause_seconds)
                    continue
                raise GitHubError(f"GitHub answers {error.code} to {method} {path}: {_reason(error)}") from None
        except (OSError, ValueError) as error:
            raise GitHubError(f"{method} {pull_request.api}{path}: {error}") from None
    raise AssertionError("the last attempt returns or raises")


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        message = str(json.loads(error.read(10_000))["message"])[:200]
    except (OSError, ValueError, KeyError, TypeError):
        return str(error.reason)
    return "".join(char for char in message if char.isprintable())


class _StayHere(urllib.request.HTTPRedirectHandler):
    """The token would be sent along to wherever a redirection leads."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_StayHere)
