"""A hosting-pattern advisor and cost simulator for Amazon SageMaker inference."""

__version__ = "0.1.0"
