"""The whole service over its test client."""

from tests.api.conftest import lite

__all__ = ["lite"]
