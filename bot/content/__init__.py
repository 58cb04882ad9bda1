"""What the project says to patients, as a doctor sees it: the page of `make content`, the diff."""
