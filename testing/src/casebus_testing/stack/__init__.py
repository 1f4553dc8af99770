"""Real Apache Kafka and real PostgreSQL from package registries: no container, no root, no installation."""

from casebus_testing.stack.errors import StackError
from casebus_testing.stack.stack import Stack, end_run

__all__ = ["Stack", "StackError", "end_run"]
