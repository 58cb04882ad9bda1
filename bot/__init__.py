"""The front desk of a dermatology clinic: see docs/architecture.md for who may import whom."""
