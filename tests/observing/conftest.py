"""The whole service over its test client."""

from tests.api.service import lite

__all__ = ["lite"]
