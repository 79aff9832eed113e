"""What can go wrong with a request to a system outside."""

from enum import StrEnum


class OutboundProblem(StrEnum):
    """Why a request has no usable answer. A text for people exists for each."""

    TIMEOUT = "timeout"  # no complete answer within the deadline
    REFUSED = "refused"  # no connection, or it broke off
    UNKNOWN_HOST = "unknown_host"  # the name has no address
    FORBIDDEN_ADDRESS = "forbidden_address"  # the address is private, or not http(s) at all
    TLS = "tls"  # the certificate does not match, has expired, or is not trusted
    REDIRECT = "redirect"  # to another host, or too often
    TOO_LARGE = "too_large"  # the answer's body
    NOT_JSON = "not_json"  # HTML of a captive portal or a login page, for instance
    UNAUTHORISED = "unauthorised"  # 401: the token is wrong or has expired
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not_found"  # 404 or 410
    RATE_LIMITED = "rate_limited"  # 429
    REJECTED = "rejected"  # another 4xx: the request is wrong, and stays so
    SERVER_ERROR = "server_error"  # 5xx
    PAUSED = "paused"  # not asked: the host failed several times in a row, or asked for a pause

    @property
    def is_final(self) -> bool:
        """Return True if the same request fails again until a person changes something."""
        return self in _FINAL


_FINAL = frozenset(
    {
        OutboundProblem.FORBIDDEN_ADDRESS,
        OutboundProblem.TLS,
        OutboundProblem.REDIRECT,
        OutboundProblem.UNAUTHORISED,
        OutboundProblem.FORBIDDEN,
        OutboundProblem.NOT_FOUND,
        OutboundProblem.REJECTED,
    }
)
