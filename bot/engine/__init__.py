"""What runs inside Rasa, on Python 3.10: the only package that imports rasa or spacy."""
