"""`python -m pipeline COMMAND`: arguments and the environment go in, an exit code comes out.

`comment` needs nothing but Python: the job that may write to a pull request installs no package.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from pipeline.summary import FILE, Outcome, SummaryError, load

FAILED, INTERRUPTED = 1, 130
CODES = {Outcome.PASSED: 0, Outcome.FAILED: FAILED, Outcome.INCOMPLETE: 3, Outcome.BLOCKED: 4, Outcome.DRIFTED: 5}
OUTPUT = Path(".evidence/pipeline")
AUTHOR = "github-actions[bot]"

EPILOG = """\
examples:
  python -m pipeline preview --stack sandbox --pulumi "python -m sandbox pulumi"
  python -m pipeline comment --print                    what would be posted
  python -m pipeline comment --pull-request 7           posts it, or updates what was posted

exit codes:
  0 done, nothing blocks     3 not judged to the end     5 what is deployed differs (with --drift)
  1 failed                   4 blocked by the pack       130 interrupted
  2 wrong usage
"""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _fail(f"{error.filename or ''}: {error.strerror or error}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="What a pipeline runs on a change: it previews, blocks, deploys and says why.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    preview = commands.add_parser("preview", help="preview a stack, judge it, and exit with 4 if something blocks")
    preview.add_argument(
        "--drift", action="store_true", help="read what is deployed first, and exit with 5 if it differs"
    )
    preview.set_defaults(run=_preview)
    deploy = commands.add_parser("deploy", help="preview a stack and, where nothing blocks, update it")
    deploy.set_defaults(run=_deploy, drift=False)
    for command in (preview, deploy):
        _add_judging(command)
    comment = commands.add_parser("comment", help="post what previews say to a pull request, or update what was posted")
    comment.set_defaults(run=_comment)
    _add_commenting(comment)
    return parser


def _add_judging(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stack", required=True, help="which stack")
    command.add_argument("--pulumi", default="pulumi", help="the command that starts the engine (default: pulumi)")
    command.add_argument("--program", type=Path, default=Path(), help="the folder of Pulumi.yaml (default: this one)")
    command.add_argument("--policy-pack", type=Path, default=Path("policy_pack"), help="the pack's folder")
    command.add_argument(
        "--policy-config",
        default="stacks/policy.{stack}.json",
        help="the pack's configuration; {stack} stands for the stack's name; empty for none",
    )
    command.add_argument("--store", default="", help="where to keep the evidence: a folder or s3://BUCKET/PREFIX")
    command.add_argument("--key", default="", help="what signs it: a PEM file or awskms:///ID (default: a new key)")
    command.add_argument("--output", type=Path, default=OUTPUT, help=f"where the files go (default: {OUTPUT})")


def _add_commenting(command: argparse.ArgumentParser) -> None:
    command.add_argument("--input", type=Path, default=OUTPUT, help=f"what previews have written (default: {OUTPUT})")
    command.add_argument("--stack", action="append", default=[], help="one that must be among them; repeatable")
    command.add_argument("--print", action="store_true", help="print the text and post nothing")
    command.add_argument("--pull-request", type=int, default=0, help="its number")
    command.add_argument("--repository", default=os.environ.get("GITHUB_REPOSITORY", ""), help="OWNER/NAME")
    command.add_argument("--author", default=AUTHOR, help=f"the login that the token is for (default: {AUTHOR})")
    command.epilog = "environment: GITHUB_TOKEN, which may write to pull requests; GITHUB_API_URL, GITHUB_SERVER_URL"


def _preview(options: argparse.Namespace) -> int:
    return _judge(options, "preview")


def _deploy(options: argparse.Namespace) -> int:
    return _judge(options, "preview") or _judge(options, "up")


def _judge(options: argparse.Namespace, operation: str) -> int:
    from evidence.console import EvidenceError
    from pipeline.judgement import COMMENT, Judgement, JudgementError, judge

    if options.store and not options.key:
        return _fail("evidence that is kept is signed: name --key too")
    judgement = Judgement(
        stack=options.stack,
        pulumi=tuple(shlex.split(options.pulumi)),
        program=options.program,
        policy_pack=options.policy_pack,
        policy_config=options.policy_config,
        output=options.output,
        store=options.store,
        key=options.key,
        drift=options.drift,
    )
    try:
        summary = judge(judgement, operation)
    except (EvidenceError, JudgementError) as error:
        return _fail(str(error))
    blocking = sum(finding.blocking for finding in summary.findings)
    _say(f"{options.stack}: {summary.outcome.value}, {blocking} blocking: {judgement.folder / COMMENT}")
    return CODES[summary.outcome]


def _comment(options: argparse.Namespace) -> int:
    from pipeline.github import GitHubError, PullRequest, post
    from pipeline.markdown import MARKER, render

    try:
        summaries = [load(path) for path in sorted(options.input.glob(f"*/{FILE}"))]
    except SummaryError as error:
        return _fail(str(error))
    missing = [stack for stack in options.stack if stack not in {summary.stack for summary in summaries}]
    if not summaries and not missing:
        return _fail(f"{options.input} holds no summary")
    text = render(summaries, missing=missing, rules_url=_rules_url(options.repository))
    if options.print:
        sys.stdout.write(text)
        return 0
    token = os.environ.get("GITHUB_TOKEN", "")
    if not token:
        return _fail("GITHUB_TOKEN is empty: it must hold a token that may write to pull requests")
    api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    try:
        where = PullRequest(api, options.repository, options.pull_request, token, options.author)
        _say(f"commented: {post(where, text, MARKER)}")
    except GitHubError as error:
        return _fail(str(error))
    return 0


def _rules_url(repository: str) -> str:
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{repository}/blob/main/docs/rules.md" if repository else ""


def _say(line: str) -> None:
    sys.stderr.write("".join(char if char.isprintable() else "?" for char in f"pipeline: {line}") + "\n")


def _fail(line: str) -> int:
    _say(f"error: {line}")
    return FAILED
