"""The addresses of model servers, and how they are told: never with credentials."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from recommender.language_model.protocol import ModelError


def without_credentials(given: str) -> str:
    """A setting `model` as it can be shown and kept; a name that is no address stays as it is."""
    if "://" not in given:
        return given
    addresses, hash_sign, name = given.partition("#")
    told = ",".join(told_address(split_address(a)) for a in addresses.split(","))
    return told + hash_sign + name


def split_address(address: str) -> SplitResult:
    """The parts of a server's address. Raises `ModelError`, which tells no credentials."""
    try:
        parts = urlsplit(address.strip())
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        told = address.strip().rpartition("@")[2]
        raise ModelError(f"{told!r} is no address; expected http://host:port[,http://other:port]")
    return parts


def told_address(parts: SplitResult) -> str:
    """An address without credentials, and without the /v1 that belongs to the paths."""
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}"
