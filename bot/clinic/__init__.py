"""The clinic's rules as pure functions: no framework, no I/O, nothing else of ours."""
