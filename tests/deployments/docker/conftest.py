"""An engine with our image, for the proofs that are opt-in."""

from __future__ import annotations

import pytest

from tests.deployments.docker.engine.docker import Engine, build, find_engine, make_service_images


@pytest.fixture(scope="session")
def engine() -> Engine:
    """An engine that has our image, built from this tree."""
    one = find_engine()
    build(one)
    return one


@pytest.fixture(scope="session")
def engine_with_services(engine: Engine) -> Engine:
    """The same with the images of the services that compose.yaml names."""
    make_service_images(engine)
    return engine
