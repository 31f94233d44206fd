"""A profile of a few lines that is answered in a moment: tests of commands and sweeps vary it."""

SMALL = """
name: small
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}]
traffic: {rate: 1 per minute}
"""
