"""What handlers are given by name: `parts` and the `dialect` of their router."""

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pombo_api.application.parts import Parts
from pombo_api.dialects.dialect import Dialect

GivenParts = NamedDependency[SkipValidation[Parts]]
GivenDialect = NamedDependency[SkipValidation[Dialect]]
