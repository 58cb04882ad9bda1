"""The desk: a plain page behind a login that shows staff what patients want from them."""
