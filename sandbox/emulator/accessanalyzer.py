"""IAM Access Analyzer, which moto has not at all: analyzers and their tags, as a service of moto's of our own."""

from __future__ import annotations

import re
import sys
from typing import Any
from urllib.parse import unquote

from moto.backend_index import backend_url_patterns
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import utcnow

SERVICE = "accessanalyzer"


class NotFoundError(JsonRESTError):
    """As AWS says it of an analyzer that isn't there."""

    code = 404

    def __init__(self, name: str) -> None:
        super().__init__("ResourceNotFoundException", f"Analyzer {name} not found")

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        return [("x-amzn-ErrorType", "ResourceNotFoundException")]


class AccessAnalyzerBackend(BaseBackend):
    """The analyzers of an account in a region, by name, as GetAnalyzer answers them."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, dict[str, Any]] = {}

    @property
    def _url_module(self) -> Any:
        return sys.modules[__name__]

    def named(self, name: str) -> dict[str, Any]:
        """The analyzer of this name."""
        try:
            return self.analyzers[name]
        except KeyError:
            raise NotFoundError(name) from None


class AccessAnalyzerResponse(BaseResponse):
    """A method for each operation, as moto finds them."""

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)

    @property
    def _backend(self) -> AccessAnalyzerBackend:
        return accessanalyzer_backends[self.current_account][self.region]

    @property
    def _ending(self) -> dict[str, Any]:
        """The analyzer whose name ends the path, or the ARN in it."""
        return self._backend.named(unquote(self.path).rpartition("/")[2])

    def create_analyzer(self) -> ActionResult:
        name, backend = self._get_param("analyzerName"), self._backend
        analyzer = {
            "arn": f"arn:aws:access-analyzer:{self.region}:{self.current_account}:analyzer/{name}",
            "name": name,
            "type": self._get_param("type"),
            "createdAt": utcnow(),
            "status": "ACTIVE",
            "tags": self._get_param("tags") or {},
        }
        if configuration := self._get_param("configuration"):
            analyzer["configuration"] = configuration
        backend.analyzers[name] = analyzer
        return ActionResult({"arn": analyzer["arn"]})

    def get_analyzer(self) -> ActionResult:
        return ActionResult({"analyzer": self._ending})

    def list_analyzers(self) -> ActionResult:
        return ActionResult({"analyzers": list(self._backend.analyzers.values())})

    def update_analyzer(self) -> ActionResult:
        analyzer = self._ending
        analyzer["configuration"] = self._get_param("configuration")
        return ActionResult({"configuration": analyzer["configuration"]})

    def delete_analyzer(self) -> EmptyResult:
        del self._backend.analyzers[self._ending["name"]]
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self._ending["tags"]})

    def tag_resource(self) -> EmptyResult:
        self._ending["tags"].update(self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self) -> EmptyResult:
        for key in self.querystring["tagKeys"]:
            self._ending["tags"].pop(key, None)
        return EmptyResult()


accessanalyzer_backends = BackendDict(AccessAnalyzerBackend, SERVICE)
url_bases = [r"https?://access-analyzer\.(.+)\.amazonaws\.com"]
url_paths = {
    "{0}/analyzer$": AccessAnalyzerResponse.dispatch,
    "{0}/analyzer/(?P<name>[^/]+)$": AccessAnalyzerResponse.dispatch,
    "{0}/tags/(?P<arn>.+)$": AccessAnalyzerResponse.dispatch,
}


def install() -> None:
    """Make this module one of moto's services."""
    sys.modules[f"moto.{SERVICE}.models"] = sys.modules[f"moto.{SERVICE}"] = sys.modules[__name__]
    backend_url_patterns.append((SERVICE, re.compile(url_bases[0])))
