"""The comment is posted once and then updated, against a server that answers as GitHub does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.github import GitHubError, PullRequest, post
from pipeline.markdown import MARKER
from pipeline.summary import FILE, Outcome, encode
from tests.pipeline.samples import summary

ROOT = Path(__file__).parents[2]
BOT = "github-actions[bot]"
TOKEN = "a-token-of-the-test"  # noqa: S105 - the server below takes it, nobody else


@dataclass
class GitHub:
    """Pull request 7 of shop/infra."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    busy: dict[str, list[int]] = field(default_factory=dict)
    """By method, what the next answers are, before the server works again."""
    elsewhere: str = ""
    """Where it sends clients."""

    def write(self, author: str, body: str) -> None:
        self.comments.append({"id": len(self.comments) + 1, "user": {"login": author}, "body": body})

    def answer(self, method: str, path: str, body: Any) -> Any:
        if match := re.fullmatch(r"/repos/shop/infra/issues/7/comments\?per_page=100&page=(\d+)", path):
            first = 100 * (int(match[1]) - 1)
            return self.comments[first : first + 100]
        if method == "POST" and path == "/repos/shop/infra/issues/7/comments":
            self.write(BOT, body["body"])
            return self.comments[-1] | {"html_url": "https://github.example/7"}
        if method == "PATCH" and (match := re.fullmatch(r"/repos/shop/infra/issues/comments/(\d+)", path)):
            self.comments[int(match[1]) - 1]["body"] = body["body"]
            return self.comments[int(match[1]) - 1] | {"html_url": "https://github.example/7"}
        return None


@pytest.fixture
def github() -> Iterator[GitHub]:
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            state.asked.append(f"{self.command} {self.path}")
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = 200, None
            if state.elsewhere:
                status = 307
            elif state.busy.get(self.command):
                status, answer = state.busy[self.command].pop(0), {"message": "not\nnow"}
            elif self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, answer = 401, {"message": "Bad credentials"}
            elif (answer := state.answer(self.command, self.path, body)) is None:
                status, answer = 404, {"message": "Not Found"}
            self.send_response(status)
            if state.elsewhere:
                self.send_header("Location", state.elsewhere)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - http.server names them so

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def pull_request(github: GitHub, token: str = TOKEN) -> PullRequest:
    return PullRequest(github.url, "shop/infra", 7, token, BOT, pause_seconds=0)


def test_the_second_preview_updates_the_comment_of_the_first(github: GitHub) -> None:
    github.write("someone", "please review")
    assert post(pull_request(github), f"{MARKER}\nfirst", MARKER) == "https://github.example/7"
    assert post(pull_request(github), f"{MARKER}\nsecond", MARKER) == "https://github.example/7"
    assert [comment["body"] for comment in github.comments] == ["please review", f"{MARKER}\nsecond"]


def test_a_comment_of_somebody_else_is_left_alone_whatever_it_begins_with(github: GitHub) -> None:
    github.write("mallory", f"{MARKER}\nall is well")
    post(pull_request(github), f"{MARKER}\nblocked", MARKER)
    assert [comment["body"] for comment in github.comments] == [f"{MARKER}\nall is well", f"{MARKER}\nblocked"]


def test_it_is_found_behind_hundreds_of_others(github: GitHub) -> None:
    for number in range(250):
        github.write("someone", f"remark {number}")
    github.write(BOT, f"{MARKER}\nold")
    post(pull_request(github), f"{MARKER}\nnew", MARKER)
    assert len(github.comments) == 251
    assert github.comments[-1]["body"] == f"{MARKER}\nnew"


def test_a_gateway_that_is_busy_is_asked_again(github: GitHub) -> None:
    github.write(BOT, f"{MARKER}\nold")
    github.busy = {"GET": [502, 503], "PATCH": [504]}
    post(pull_request(github), f"{MARKER}\nnew", MARKER)
    assert [comment["body"] for comment in github.comments] == [f"{MARKER}\nnew"]


def test_a_post_that_may_have_been_done_is_not_done_again(github: GitHub) -> None:
    github.busy = {"POST": [502]}
    with pytest.raises(GitHubError, match=r"502 to POST .*: notnow"):
        post(pull_request(github), MARKER, MARKER)
    assert github.asked[1:] == ["POST /repos/shop/infra/issues/7/comments"]


def test_a_refusal_is_one_line_without_the_token(github: GitHub) -> None:
    with pytest.raises(GitHubError) as caught:
        post(pull_request(github, token="secret-of-another"), MARKER, MARKER)
    assert "401" in str(caught.value)
    assert "Bad credentials" in str(caught.value)
    assert "secret-of-another" not in str(caught.value)
    assert "secret-of-another" not in repr(pull_request(github, token="secret-of-another"))


def test_the_token_follows_no_redirection(github: GitHub) -> None:
    github.elsewhere = f"{github.url}/elsewhere"
    with pytest.raises(GitHubError, match="307"):
        post(pull_request(github), MARKER, MARKER)
    assert len(github.asked) == 1


@pytest.mark.parametrize(
    ("api", "repository", "number"),
    [
        ("http://github.example", "shop/infra", 7),
        ("file:///etc/passwd", "shop/infra", 7),
        ("https://api.github.com", "shop/infra/../../user", 7),
        ("https://api.github.com", "shop", 7),
        ("https://api.github.com", "shop/infra", 0),
    ],
)
def test_a_token_goes_nowhere_else(api: str, repository: str, number: int) -> None:
    with pytest.raises(GitHubError):
        PullRequest(api, repository, number, TOKEN, BOT)


def comment(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, without any installed package: `-S` leaves them out, as the job that comments has none."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "pipeline", "comment", "--input", str(folder), *arguments],
        cwd=ROOT,
        env=os.environ | {"GITHUB_TOKEN": "", "GITHUB_REPOSITORY": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, stack: str, **changes: object) -> None:
    (folder / stack).mkdir(parents=True)
    (folder / stack / FILE).write_text(encode(summary(stack=stack, **changes)))


def test_the_command_makes_one_comment_of_all_stacks(github: GitHub, tmp_path: Path) -> None:
    write(tmp_path, "prod")
    write(tmp_path, "staging", outcome=Outcome.PASSED, findings=())
    where = ("--repository", "shop/infra", "--pull-request", "7", "--stack", "prod", "--stack", "lost")
    for _ in range(2):
        ended = comment(tmp_path, *where, GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN)
        assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
        assert TOKEN not in ended.stderr
    (posted,) = github.comments
    for line in ("- `prod`: ⛔", "- `staging`: ✅", "- `lost`: ❓ no preview arrived"):
        assert line in posted["body"]


def test_what_is_no_summary_is_posted_nowhere(github: GitHub, tmp_path: Path) -> None:
    (tmp_path / "prod").mkdir()
    (tmp_path / "prod" / FILE).write_text('{"stack": "prod", "body": "<script>"}')
    where = ("--repository", "shop/infra", "--pull-request", "7")
    ended = comment(tmp_path, *where, GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN)
    assert ended.returncode == 1
    assert "is no summary" in ended.stderr
    assert not github.asked


def test_without_a_token_it_says_so(tmp_path: Path) -> None:
    write(tmp_path, "prod")
    ended = comment(tmp_path, "--repository", "shop/infra", "--pull-request", "7")
    assert ended.returncode == 1
    assert "GITHUB_TOKEN is empty" in ended.stderr


def test_it_can_be_printed_instead(tmp_path: Path) -> None:
    write(tmp_path, "prod")
    ended = comment(tmp_path, "--print")
    assert ended.returncode == 0
    assert ended.stdout.startswith(MARKER)
