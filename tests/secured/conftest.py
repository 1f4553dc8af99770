"""A broker of its own that asks everybody who they are."""

from collections.abc import Iterator

import pytest

from casebus_testing.stack import Stack


@pytest.fixture(scope="session")
def secured_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Secured servers, for the tests of this folder."""
    with Stack.start(tmp_path_factory.mktemp("secured"), secure=True) as started:
        yield started
