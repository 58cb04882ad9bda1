"""Custom actions, one file a capability: read the tracker, call one function, name a response."""
