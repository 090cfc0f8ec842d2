"""AWS Resource Explorer, which moto has not at all: a region's index, as a service of moto's of our own."""

from __future__ import annotations

import re
import sys
from typing import Any

from moto.backend_index import backend_url_patterns
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

SERVICE = "resource-explorer-2"
_MODULE = SERVICE.replace("-", "")
"""How moto looks for the module of a service, and for its backends there."""


class RefusedError(JsonRESTError):
    def __init__(self, code: int, error: str, message: str) -> None:
        super().__init__(error, message)
        self.code, self._error = code, error

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        return [("x-amzn-ErrorType", self._error)]


class ResourceExplorerBackend(BaseBackend):
    """The one index that a region may have, as GetIndex answers it."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.index: dict[str, Any] | None = None

    @property
    def _url_module(self) -> Any:
        return sys.modules[__name__]


class ResourceExplorerResponse(BaseResponse):
    """A method for each operation, as moto finds them."""

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)

    @property
    def _backend(self) -> ResourceExplorerBackend:
        return resourceexplorer2_backends[self.current_account][self.region]

    @property
    def _index(self) -> dict[str, Any]:
        if self._backend.index is None:
            raise RefusedError(404, "ResourceNotFoundException", "The region has no index")
        return self._backend.index

    def create_index(self) -> ActionResult:
        """It is local at first: "To create an aggregator index, first create a local index"."""
        if self._backend.index is not None:
            raise RefusedError(409, "ConflictException", "The region has an index")
        service = f"arn:aws:{SERVICE}:{self.region}:{self.current_account}"
        self._backend.index = {
            "Arn": f"{service}:index/{mock_random.uuid4()}",
            "Type": "LOCAL",
            "State": "ACTIVE",
            "CreatedAt": utcnow(),
            "Tags": self._get_param("Tags") or {},
        }
        return ActionResult(self._index)

    def get_index(self) -> ActionResult:
        return ActionResult(self._index)

    def update_index_type(self) -> ActionResult:
        """ "You can have only one aggregator index [...] in your AWS account." """
        new = self._get_param("Type")
        others = (backend.index for backend in resourceexplorer2_backends[self.current_account].values())
        if new == "AGGREGATOR" and any(other and other is not self._index and other["Type"] == new for other in others):
            raise RefusedError(402, "ServiceQuotaExceededException", "Another region has the aggregator index")
        self._index.update(Type=new, LastUpdatedAt=utcnow())
        return ActionResult(self._index)

    def delete_index(self) -> ActionResult:
        deleted = self._index
        self._backend.index = None
        return ActionResult(deleted | {"State": "DELETING", "LastUpdatedAt": utcnow()})

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"Tags": self._index["Tags"]})

    def tag_resource(self) -> EmptyResult:
        self._index["Tags"].update(self._get_param("Tags"))
        return EmptyResult()

    def untag_resource(self) -> EmptyResult:
        for key in self.querystring["tagKeys"]:
            self._index["Tags"].pop(key, None)
        return EmptyResult()


resourceexplorer2_backends = BackendDict(ResourceExplorerBackend, SERVICE)
url_bases = [r"https?://resource-explorer-2\.(.+)\.(amazonaws\.com|api\.aws)"]
url_paths = {
    "{0}/CreateIndex$": ResourceExplorerResponse.dispatch,
    "{0}/DeleteIndex$": ResourceExplorerResponse.dispatch,
    "{0}/GetIndex$": ResourceExplorerResponse.dispatch,
    "{0}/UpdateIndexType$": ResourceExplorerResponse.dispatch,
    "{0}/tags/(?P<arn>.+)$": ResourceExplorerResponse.dispatch,
}


def install() -> None:
    """Make this module one of moto's services."""
    sys.modules[f"moto.{_MODULE}.models"] = sys.modules[f"moto.{_MODULE}"] = sys.modules[__name__]
    backend_url_patterns.append((SERVICE, re.compile(url_bases[0])))
