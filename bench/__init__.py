"""The assistant beside the stock bot of `rasa init`, measured in one run: `make bench`.

Everything goes through what a user has too: Rasa's own `train`, our config.yml, the REST routes.
"""
