"""Profiles of a few lines that are answered in a moment: tests vary them."""

SMALL = """
name: small
region: us-east-1
model: {size: 60 MB, memory: 500 MB}
work: [{on: serverless 2 GB, mean: 300 ms}]
traffic: {rate: 1 per minute}
"""
# Fast instances that stand all month, or containers that are paid by the request and start cold.
RARE = """
name: rare
model: {size: 90 MB, memory: 600 MB, image: 800 MB, framework: scikit-learn}
work: [{on: serverless 1 GB, mean: 200 ms, p95: 400 ms}, {on: ml.m5.large, mean: 100 ms, p95: 200 ms, workers: 2}]
traffic: {rate: 50 per day, day: office, week: workweek}
payload: {request: 20 KB, response: 2 KB}
objective: {p90: 15 s, errors: 1 %, cold_starts: allow, prefer: cost}
"""
